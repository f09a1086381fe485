package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.torchfits.cache.OpenFiles;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduReader;
import org.torchfits.header.HduSelector;
import org.torchfits.header.Keywords;
import org.torchfits.source.FileIdentity;
import org.torchfits.tile.TableTiles;

/**
 * A table of an open file: its layout and its bytes.
 *
 * <p>Safe for reads by several threads.
 */
public final class TableFile implements AutoCloseable {
  private final HduReader reader;
  private final Hdu hdu;
  private final TableLayout layout;

  private final @Nullable CompressedRows compressed;

  /** The bytes of a small table, which came with the header. */
  private final @Nullable MemorySegment buffered;

  /**
   * What a header tells, which is kept with the HDU.
   *
   * @param header of a compressed table; null of others
   */
  private record Parsed(TableLayout layout, @Nullable Keywords header) {
    static Parsed of(String place, Hdu hdu, Keywords header) {
      boolean isCompressed = TableLayout.isCompressed(hdu.kind(), header);
      return new Parsed(TableLayout.of(place, hdu, header), isCompressed ? header : null);
    }
  }

  private TableFile(HduReader reader, Hdu hdu, Parsed parsed) {
    this.reader = reader;
    this.hdu = hdu;
    this.layout = parsed.layout();
    this.compressed =
        parsed.header() == null
            ? null
            : new CompressedRows(
                layout, new TableTiles(layout.place(), reader, hdu, parsed.header()));
    this.buffered = reader.buffered(hdu.dataOffset(), hdu.dataBytes());
  }

  /**
   * Opens a table of a local file.
   *
   * @param path as for {@link org.torchfits.source.FitsSource#open}
   */
  public static TableFile open(String path, HduSelector selector) {
    HduReader reader = OpenFiles.open(path);
    try {
      return of(reader, reader.find(selector));
    } catch (RuntimeException | Error failure) {
      reader.close();
      throw failure;
    }
  }

  /**
   * Likewise.
   *
   * @param content of the file as {@link TableSchema} told it; null if it does not matter
   * @throws FitsException of kind CHANGED if it is another one now
   */
  public static TableFile open(String path, HduSelector selector, @Nullable String content) {
    TableFile file = open(path, selector);
    try {
      if (content != null) {
        file.requireContent(content);
      }
      return file;
    } catch (RuntimeException | Error failure) {
      file.close();
      throw failure;
    }
  }

  /**
   * The table of an HDU.
   *
   * @param reader is closed with the table; it is not asked for another HDU meanwhile
   */
  static TableFile of(HduReader reader, Hdu hdu) {
    String place = reader.source().name() + "[" + hdu.index() + "]";
    Parsed parsed =
        reader.derived(
            hdu,
            Parsed.class,
            () -> Parsed.of(place, hdu, new Keywords(place, reader.headerText(hdu))));
    return new TableFile(reader, hdu, parsed);
  }

  /**
   * The file and its content, as {@link FileIdentity#content} tells them; empty if nothing does.
   */
  String content() {
    FileIdentity identity = reader.source().identity();
    return identity == null ? "" : identity.content();
  }

  /**
   * Before rows are read that belong to others of the same file.
   *
   * @param content as {@link #content} was then
   * @throws FitsException of kind CHANGED
   */
  private void requireContent(String content) {
    if (!content.equals(content())) {
      throw new FitsException(
          ErrorKind.CHANGED, layout.place() + ": the file changed since its table was looked at");
    }
  }

  public TableLayout layout() {
    return layout;
  }

  /** The rows of a compressed table; null if it is not compressed. */
  @Nullable CompressedRows compressed() {
    return compressed;
  }

  /** Index of the HDU from 0. */
  public int hdu() {
    return hdu.index();
  }

  /** As {@link org.torchfits.source.ByteSource#settledIdentity} has it. */
  @Nullable FileIdentity settledIdentity() {
    return reader.source().settledIdentity();
  }

  /**
   * Before memory is allocated for what the header claims.
   *
   * @param end offset in the file of the byte behind the last one that is needed
   * @throws FitsException of kind TRUNCATED
   */
  void requireInFile(long end) {
    if (!reader.source().reaches(end)) {
      throw new FitsException(
          ErrorKind.TRUNCATED,
          layout.place()
              + ": the table has bytes up to "
              + end
              + ", the file ends at byte "
              + reader.source().size());
    }
  }

  /** Likewise, for what is read of rows. */
  void requireRows(Rows rows) {
    if (rows.count() == 0 || layout.rowBytes() == 0) {
      return;
    }
    if (compressed != null) {
      requireInFile(layout.heapOffset() + layout.heapBytes());
    } else {
      requireInFile(layout.rowOffset(rows.end() - 1) + layout.rowBytes());
    }
  }

  /**
   * Likewise, where something is kept for each of the rows: no more than the file has bytes.
   *
   * @throws FitsException of kind UNSUPPORTED if the rows have none
   */
  void requireBytes(Rows rows) {
    requireRows(rows);
    if (layout.rowBytes() == 0) {
      // Any number of them fits into any file.
      throw new FitsException(
          ErrorKind.UNSUPPORTED, layout.place() + ": a condition on rows without bytes");
    }
  }

  /**
   * Fills a segment.
   *
   * @param offset in the file, within the data of the HDU
   */
  void read(long offset, MemorySegment into) {
    if (buffered != null) {
      MemorySegment.copy(buffered, offset - hdu.dataOffset(), into, 0, into.byteSize());
      return;
    }
    long got = reader.source().read(offset, into);
    if (got < into.byteSize()) {
      throw new FitsException(
          ErrorKind.TRUNCATED,
          layout.place()
              + ": the file became shorter while it was read, at byte "
              + (offset + got));
    }
  }

  @Override
  public void close() {
    reader.close();
  }
}
