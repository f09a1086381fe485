package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.function.Consumer;
import org.torchfits.kernel.GatherKernels;
import org.torchfits.tile.ColumnCodec;
import org.torchfits.tile.TableTiles;

/**
 * The rows of a compressed table (FITS 4.0, section 10.3), of one column at a time. A tile is some
 * rows, and has the fields of a column one behind the other.
 *
 * <p>Safe for use by several threads.
 */
final class CompressedRows {
  /** Behind each descriptor of an array stands that of its compressed bytes. */
  static final int DESCRIPTOR_BYTES = 16;

  /** Smaller tiles are a piece of work together. */
  private static final long FEW_ROWS = 8 << 10;

  private static final long MOST_ROWS = 16 << 20;
  private static final long MOST_BYTES = 1 << 30;

  private final TableTiles tiles;
  private final long tableRows;
  private final long tileRows;

  /**
   * @param layout of a compressed table
   */
  CompressedRows(TableLayout layout, TableTiles tiles) {
    this.tiles = tiles;
    this.tableRows = layout.rows();
    this.tileRows = tiles.tileRows();
  }

  /** Bytes of a field in a block of {@link #fetch}. */
  static long fieldBytes(Column column) {
    return column.bytes() + (isOfArrays(column) ? DESCRIPTOR_BYTES : 0);
  }

  private static boolean isOfArrays(Column column) {
    return column.form() instanceof ColumnForm form && form.isDescriptor();
  }

  /**
   * Wanted rows that are a piece of work: most tiles are decoded once if they are read in order.
   *
   * @param widest bytes of a row that are fetched together
   */
  long rowsOfPiece(Rows rows, long widest) {
    long step = Math.abs(rows.step());
    long tileCount = Math.max(1, Math.ceilDiv(tableRows, tileRows));
    long inTile = step == 0 ? rows.count() / tileCount : tileRows / step;
    long together = inTile * Math.max(1, FEW_ROWS / Math.max(1, inTile));
    long most = Math.min(MOST_ROWS, MOST_BYTES / (widest + DESCRIPTOR_BYTES));
    return Math.clamp(together, 1, Math.max(1, most));
  }

  /**
   * Fetches the fields of a column in a range of the wanted rows; those of arrays with the
   * descriptors of the compressed bytes behind theirs.
   *
   * @param first of the wanted rows, from 0
   * @param count at least 1
   */
  RowBlock fetch(Column column, Rows rows, long first, int count, RowBuffers buffers) {
    long width = fieldBytes(column);
    MemorySegment packed = buffers.packed(Math.multiplyExact(width, (long) count));
    for (int done = 0; done < count; ) {
      done += fetchTile(column, rows, first + done, packed.asSlice(done * width));
    }
    return new RowBlock(packed, 0, width, count);
  }

  /** Copies the fields of the next rows that are in one tile; returns how many these are. */
  private int fetchTile(Column column, Rows rows, long first, MemorySegment packed) {
    long tile = rows.row(first) / tileRows;
    long tileStart = tile * tileRows;
    long inTile = Math.min(tileRows, tableRows - tileStart);
    long most = Math.min(rows.count() - first, packed.byteSize() / fieldBytes(column));
    int count = 1;
    while (count < most && isIn(rows.row(first + count), tileStart, inTile)) {
      count++;
    }
    TileRows wanted = new TileRows(rows, first, count, tileStart, inTile);
    long cellBytes = inTile * fieldBytes(column);
    tiles.use(field(column), tile, cellBytes, cell -> copy(column, wanted, cell, packed));
    return count;
  }

  private static boolean isIn(long row, long tileStart, long inTile) {
    return row >= tileStart && row - tileStart < inTile;
  }

  /** Wanted rows of one tile. */
  private record TileRows(Rows rows, long first, int count, long tileStart, long inTile) {
    long inTile(int index) {
      return rows.row(first + index) - tileStart;
    }
  }

  private static void copy(Column column, TileRows of, MemorySegment cell, MemorySegment packed) {
    long bytes = column.bytes();
    long step = of.rows().step();
    if (isOfArrays(column)) {
      copyDescriptors(bytes, of, cell, packed);
    } else if (step != 0) {
      long from = of.inTile(0) * bytes;
      GatherKernels.gatherFields(bytes, cell, from, step * bytes, packed, 0, of.count());
    } else {
      for (int i = 0; i < of.count(); i++) {
        MemorySegment.copy(cell, of.inTile(i) * bytes, packed, i * bytes, bytes);
      }
    }
  }

  private static void copyDescriptors(
      long bytes, TileRows of, MemorySegment cell, MemorySegment packed) {
    long compressed = of.inTile() * bytes;
    for (int i = 0; i < of.count(); i++) {
      long row = of.inTile(i);
      long place = i * (bytes + DESCRIPTOR_BYTES);
      MemorySegment.copy(cell, row * bytes, packed, place, bytes);
      long from = compressed + row * DESCRIPTOR_BYTES;
      MemorySegment.copy(cell, from, packed, place + bytes, DESCRIPTOR_BYTES);
    }
  }

  private static TableTiles.Field field(Column column) {
    ColumnCodec codec = Objects.requireNonNull(column.codec());
    return new TableTiles.Field(column.index(), column.describe(), codec);
  }

  /** Decodes an array of variable length and gives it to who needs it. */
  void useArray(Column column, TableTiles.ArrayPlace place, Consumer<MemorySegment> user) {
    tiles.useArray(field(column), place, user);
  }
}
