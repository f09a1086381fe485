package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.torchfits.source.Scratch;

/**
 * Brings a range of bytes of many rows. Rows that stand near together come by one read with what is
 * between them; those of a compressed table are decoded, of one column at a time.
 *
 * <p>Safe for use by several threads.
 */
final class RowFetcher {
  /** Less is read along sooner than it is skipped by another call. */
  static final long GAP_BYTES = 8 << 10;

  /** Rows that stand apart take a call each: so many of them are a piece of work. */
  private static final long APART_ROWS = 1024;

  private static final long MOST_ROWS = 64 << 10;

  private final TableFile file;
  private final Rows rows;
  private final long rowBytes;
  private final @Nullable CompressedRows compressed;

  RowFetcher(TableFile file, Rows rows) {
    this.file = file;
    this.rows = rows;
    this.rowBytes = file.layout().rowBytes();
    this.compressed = file.compressed();
  }

  /** Bytes between columns that are fetched together at most. */
  long gapBytes() {
    return compressed == null ? GAP_BYTES : Long.MIN_VALUE;
  }

  /**
   * Bytes from one row to the next in a block of {@link #fetch}.
   *
   * @param bytes of each row that are wanted
   */
  long stride(long bytes) {
    return isDense(bytes) ? rowBytes * Math.abs(rows.step()) : bytes;
  }

  /** Whether rows come as they stand in the file. */
  boolean isDense(long bytes) {
    long step = Math.abs(rows.step());
    if (compressed != null) {
      return false;
    }
    // Two comparisons, since the distance of rows may overflow.
    return step > 0 && step <= (GAP_BYTES + bytes) / Math.max(1, rowBytes);
  }

  /**
   * Rows that are a piece of work: they stay in the core's cache until all is decoded.
   *
   * @param widths bytes of each row that are fetched together, of each group of columns
   */
  long rowsOfPiece(LongStream widths) {
    if (compressed != null) {
      return compressed.rowsOfPiece(rows, widths.max().orElse(0));
    }
    long stride = 1;
    long most = MOST_ROWS;
    for (long bytes : widths.toArray()) {
      stride = Math.max(stride, stride(bytes));
      most = isDense(bytes) ? most : APART_ROWS;
    }
    return Math.clamp(Scratch.BYTES / stride, 1, most);
  }

  /**
   * Fetches bytes of a range of the wanted rows.
   *
   * @param fields bytes of each row that are wanted; of a compressed table those of one column
   * @param first of the wanted rows, from 0
   * @param count at least 1
   */
  RowBlock fetch(FieldGroup fields, long first, int count, RowBuffers buffers) {
    if (fields.bytes() == 0) {
      return new RowBlock(MemorySegment.NULL, 0, 0, count);
    }
    if (compressed != null) {
      return compressed.fetch(fields.columns().getFirst(), rows, first, count, buffers);
    }
    return isDense(fields.bytes())
        ? fetchDense(fields.offset(), fields.bytes(), first, count, buffers)
        : fetchPacked(fields.offset(), fields.bytes(), first, count, buffers);
  }

  private RowBlock fetchDense(long offset, long bytes, long first, int count, RowBuffers buffers) {
    long stride = rows.step() * rowBytes;
    long span = Math.abs(stride) * (count - 1) + bytes;
    long lowest = Math.min(rows.row(first), rows.row(first + count - 1));
    MemorySegment raw = buffers.raw(span);
    file.read(place(lowest, offset), raw);
    return new RowBlock(raw, stride < 0 ? span - bytes : 0, stride, count);
  }

  private RowBlock fetchPacked(long offset, long bytes, long first, int count, RowBuffers buffers) {
    MemorySegment packed = buffers.packed(bytes * count);
    for (int done = 0; done < count; ) {
      MemorySegment rest = packed.asSlice(done * bytes);
      done += fetchNear(offset, bytes, first + done, count - done, rest, buffers);
    }
    return new RowBlock(packed, 0, bytes, count);
  }

  /** Fetches the next rows that stand near together; returns how many these are. */
  private int fetchNear(
      long offset, long bytes, long first, int most, MemorySegment packed, RowBuffers buffers) {
    long low = place(rows.row(first), offset);
    long high = low + bytes;
    int count = 1;
    for (; count < most; count++) {
      long next = place(rows.row(first + count), offset);
      if (next - high > GAP_BYTES
          || low - (next + bytes) > GAP_BYTES
          || Math.max(high, next + bytes) - Math.min(low, next) > Scratch.BYTES) {
        break;
      }
      low = Math.min(low, next);
      high = Math.max(high, next + bytes);
    }
    if (count == 1) {
      file.read(low, packed.asSlice(0, bytes));
      return 1;
    }
    MemorySegment raw = buffers.raw(high - low);
    file.read(low, raw);
    for (int i = 0; i < count; i++) {
      long from = place(rows.row(first + i), offset) - low;
      MemorySegment.copy(raw, from, packed, i * bytes, bytes);
    }
    return count;
  }

  private long place(long row, long offset) {
    return file.layout().rowOffset(row) + offset;
  }
}
