package org.torchfits.tile;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.NativeMemoryException;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduReader;
import org.torchfits.header.Keywords;
import org.torchfits.source.FileIdentity;
import org.torchfits.work.Stage;
import org.torchfits.work.Tally;

/**
 * Reads and decodes the tiles of a compressed table (FITS 4.0, section 10.3): each is some rows,
 * and has a cell for each column. Nothing that the file says of them is believed before it is
 * checked.
 *
 * <p>Safe for use by several threads.
 */
public final class TableTiles {
  /** What one decoder can address. */
  private static final long MOST_BYTES = Integer.MAX_VALUE - 64;

  /** Tiles are kept under their number and that of their column, of which there are fewer. */
  private static final long COLUMNS = 1000;

  /**
   * A column.
   *
   * @param index from 0
   * @param name as errors show it
   */
  public record Field(int index, String name, ColumnCodec codec) {}

  /**
   * Where an array of variable length stands in the file.
   *
   * @param row that has it, as errors show it
   * @param offset of its compressed bytes, which are within the heap
   * @param compressedBytes at least 1
   * @param bytes that it has in the heap of a table that is not compressed
   */
  public record ArrayPlace(long row, long offset, long compressedBytes, long bytes) {}

  private final TileBytes bytes;
  private final int hdu;
  private final @Nullable FileIdentity file;
  private final List<TileColumn> columns;
  private final long rowsOffset;
  private final long rowBytes;
  private final long tiles;
  private final long tileRows;
  private final long rows;
  private final long heapOffset;
  private final long heapEnd;

  /**
   * @param place file and HDU, as errors show them
   * @param reader is not asked for another HDU any more
   * @param hdu a compressed table
   * @param header of the HDU
   * @throws FitsException of kind BAD_HEADER
   */
  public TableTiles(String place, HduReader reader, Hdu hdu, Keywords header) {
    this.bytes = new TileBytes(place, reader);
    this.hdu = hdu.index();
    this.file = reader.source().settledIdentity();
    this.columns = TileColumn.all(header);
    this.rowsOffset = hdu.dataOffset();
    this.rowBytes = header.integer("NAXIS1", 0, Long.MAX_VALUE);
    this.tiles = header.integer("NAXIS2", 0, Long.MAX_VALUE);
    this.rows = hdu.axes()[1];
    this.tileRows = Math.min(header.integer("ZTILELEN", 1, Long.MAX_VALUE), Math.max(1, rows));
    long tableBytes = product(rowBytes, tiles);
    if (tableBytes > hdu.dataBytes()) {
      throw header.bad(tiles + " rows of tiles are more than the " + hdu.dataBytes() + " bytes");
    }
    this.heapOffset = rowsOffset + header.integer("THEAP", tableBytes, tableBytes, hdu.dataBytes());
    this.heapEnd = rowsOffset + hdu.dataBytes();
    requireShape(header, hdu);
  }

  /** The largest long if it overflows. */
  private static long product(long one, long other) {
    return Math.multiplyHigh(one, other) == 0 && one * other >= 0 ? one * other : Long.MAX_VALUE;
  }

  private void requireShape(Keywords header, Hdu hdu) {
    long columnBytes = columns.stream().mapToLong(TileColumn::bytes).sum();
    if (columnBytes > rowBytes) {
      throw header.bad("the columns take " + columnBytes + " bytes of rows of " + rowBytes);
    }
    if (Math.ceilDiv(rows, tileRows) != tiles) {
      throw header.bad(
          tiles + " tiles of ZTILELEN = " + tileRows + " rows are not ZNAXIS2 = " + rows);
    }
    long decompressedBytes = product(rows, hdu.axes()[0]);
    if (!ColumnCodec.isWithinReach(hdu.dataBytes(), decompressedBytes)) {
      throw header.bad(
          "ZNAXIS1 and ZNAXIS2 describe more than "
              + hdu.dataBytes()
              + " compressed bytes can become");
    }
  }

  /** Rows of each tile; the last one may have fewer. */
  public long tileRows() {
    return tileRows;
  }

  /**
   * Gives the decoded fields of a column in the rows of a tile to who needs them.
   *
   * @param tile from 0
   * @param cellBytes of all its fields; of arrays with 16 bytes more for each
   * @param user must not keep them
   * @throws FitsException of kind BAD_DATA, TRUNCATED or OUT_OF_MEMORY
   */
  public void use(Field field, long tile, long cellBytes, Consumer<MemorySegment> user) {
    try (CachedTile claimed = claim(field, tile, cellBytes)) {
      if (claimed != null && claimed.isMine()) {
        decode(field, tile, claimed.allocate().asSlice(0, cellBytes));
        claimed.keep(TileValues.STORED_BIG_ENDIAN);
      }
      if (claimed != null && claimed.awaitEnd()) {
        user.accept(claimed.pixels().asSlice(0, cellBytes));
      } else {
        useAlone(field, tile, cellBytes, user);
      }
    } catch (NativeMemoryException | OutOfMemoryError refused) {
      throw bad(ErrorKind.OUT_OF_MEMORY, field, "tile " + tile, refused);
    }
  }

  /** The lease of a cell that is kept; null if it shall not be. */
  private @Nullable CachedTile claim(Field field, long tile, long cellBytes) {
    return file == null || !TileCache.OF_PROCESS.takes(cellBytes)
        ? null
        : TileCache.OF_PROCESS.claim(key(file, field, tile), cellBytes);
  }

  /** For a cell that is not kept, or that another thread could not decode. */
  private void useAlone(Field field, long tile, long cellBytes, Consumer<MemorySegment> user) {
    try (TileScratch scratch = TileScratch.borrow()) {
      MemorySegment cell = scratch.pixels(cellBytes).asSlice(0, cellBytes);
      decode(field, tile, cell);
      user.accept(cell);
    }
  }

  private void decode(Field field, long tile, MemorySegment cell) {
    Tally.mine().add(Stage.TILES_DECODED, 1);
    try (TileScratch scratch = TileScratch.borrow()) {
      Range range = range(field, tile, cell.byteSize(), scratch);
      field.codec().decodeFields(bytes.read(range.offset(), range.bytes(), scratch), cell);
    } catch (TileFormatException broken) {
      throw bad(ErrorKind.BAD_DATA, field, "tile " + tile, broken);
    }
  }

  private TileCache.Key key(FileIdentity identity, Field field, long tile) {
    return new TileCache.Key(identity, hdu, tile * COLUMNS + field.index(), null);
  }

  /** Bytes of the file. */
  private record Range(long offset, long bytes) {}

  /** Where the compressed bytes of a cell stand, which can become as many as are wanted. */
  private Range range(Field field, long tile, long cellBytes, TileScratch scratch) {
    MemorySegment row = bytes.read(rowsOffset + tile * rowBytes, rowBytes, scratch);
    TileColumn column = columns.get(field.index());
    long count = column.count(row);
    long offset = column.heapOffset(row);
    if (count < 0 || offset < 0 || count > heapEnd - heapOffset - offset) {
      throw new TileFormatException(
          count
              + " bytes from byte "
              + offset
              + " are not within the heap of "
              + (heapEnd - heapOffset)
              + " bytes");
    }
    requireReach(count, cellBytes);
    return new Range(heapOffset + offset, count);
  }

  private static void requireReach(long compressed, long decoded) {
    if (decoded > MOST_BYTES || !ColumnCodec.isWithinReach(compressed, decoded)) {
      throw new TileFormatException(
          compressed + " compressed bytes cannot become " + decoded + " bytes");
    }
  }

  /**
   * Decodes one array of variable length and gives it to who needs it.
   *
   * @param user must not keep it
   * @throws FitsException of kind BAD_DATA, TRUNCATED or OUT_OF_MEMORY
   */
  public void useArray(Field field, ArrayPlace place, Consumer<MemorySegment> user) {
    try (TileScratch scratch = TileScratch.borrow()) {
      requireReach(place.compressedBytes(), place.bytes());
      MemorySegment compressed = bytes.read(place.offset(), place.compressedBytes(), scratch);
      MemorySegment array = scratch.pixels(place.bytes());
      field.codec().decodeArray(compressed, array);
      user.accept(array);
    } catch (TileFormatException broken) {
      throw bad(ErrorKind.BAD_DATA, field, "row " + place.row(), broken);
    } catch (NativeMemoryException | OutOfMemoryError refused) {
      throw bad(ErrorKind.OUT_OF_MEMORY, field, "row " + place.row(), refused);
    }
  }

  private FitsException bad(ErrorKind kind, Field field, String where, Throwable reason) {
    return new FitsException(
        kind, bytes.place() + ": " + field.name() + ", " + where + ": " + reason.getMessage());
  }
}
