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

/**
 * A table of an open file: its layout and its bytes.
 *
 * <p>Safe for reads by several threads.
 */
public final class TableFile implements AutoCloseable {
  private final HduReader reader;
  private final Hdu hdu;
  private final TableLayout layout;

  /** The bytes of a small table, which came with the header. */
  private final @Nullable MemorySegment buffered;

  private TableFile(HduReader reader, Hdu hdu, TableLayout layout) {
    this.reader = reader;
    this.hdu = hdu;
    this.layout = layout;
    this.buffered = reader.buffered(hdu.dataOffset(), hdu.dataBytes());
  }

  /**
   * Opens a table of a local file.
   *
   * @param path as for {@link org.torchfits.source.LocalSource#open}
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
   * The table of an HDU.
   *
   * @param reader is closed with the table; it is not asked for another HDU meanwhile
   */
  static TableFile of(HduReader reader, Hdu hdu) {
    String place = reader.source().name() + "[" + hdu.index() + "]";
    TableLayout layout = TableLayout.of(place, hdu, new Keywords(place, reader.headerText(hdu)));
    return new TableFile(reader, hdu, layout);
  }

  public TableLayout layout() {
    return layout;
  }

  /** Index of the HDU from 0. */
  public int hdu() {
    return hdu.index();
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
    if (rows.count() > 0 && layout.rowBytes() > 0) {
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
