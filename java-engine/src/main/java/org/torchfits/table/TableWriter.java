package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.TensorView;
import org.torchfits.source.FileTarget;
import org.torchfits.source.Scratch;
import org.torchfits.work.Job;
import org.torchfits.work.Task;
import org.torchfits.work.Workers;

/**
 * Writes columns as the rows of a table (FITS 4.0, section 7.3.3), or a single one as a part of the
 * heap. Blocks of rows are put together in a {@link Scratch} and written from there, on several
 * threads.
 */
public final class TableWriter {
  /** Less is done sooner by one thread than another one is woken. */
  private static final long ALONE_BYTES = 2 << 20;

  private final FileTarget file;
  private final long offset;
  private final List<ColumnEncoder> columns;
  private final long rows;
  private final long rowBytes;

  private TableWriter(FileTarget file, long offset, List<ColumnEncoder> columns) {
    this.file = file;
    this.offset = offset;
    this.columns = columns;
    this.rows = columns.isEmpty() ? 0 : columns.getFirst().rows();
    this.rowBytes = columns.stream().mapToLong(ColumnEncoder::bytes).reduce(0, Math::addExact);
    if (columns.stream().anyMatch(column -> column.rows() != rows)) {
      throw new IllegalArgumentException("columns of different lengths");
    }
  }

  /**
   * What encodes a column.
   *
   * @param values shape (rows, ...), or with {@code offsets} the characters of all strings
   * @param offsets int64 (rows + 1): where each string begins, and the end; null for numbers
   * @param width bytes of a string in a row; none is longer
   * @param fill the byte behind shorter strings
   */
  public static ColumnEncoder encoder(
      TensorView values, @Nullable TensorView offsets, long width, byte fill) {
    return offsets == null
        ? new NumberEncoder(values)
        : new StringEncoder(values, offsets, width, fill);
  }

  /**
   * The task of writing rows one behind the other.
   *
   * @param offset of the first one in the file
   * @param columns of the same number of rows, in order; what they read is kept alive by the caller
   */
  public static Task write(FileTarget file, long offset, List<ColumnEncoder> columns) {
    TableWriter writer = new TableWriter(file, offset, new ArrayList<>(columns));
    Job job = writer.rowBytes > Scratch.BYTES ? writer.longRows() : writer.blocks();
    if (writer.rows > ALONE_BYTES / Math.max(1, writer.rowBytes)) {
      Workers.share(job);
    }
    return new Task(job, null, () -> {});
  }

  private Job blocks() {
    long blockRows = Scratch.BYTES / Math.max(1, rowBytes);
    long blocks = rowBytes == 0 ? 0 : Math.ceilDiv(rows, blockRows);
    return new Job(blocks, block -> writeBlock(block * blockRows, blockRows));
  }

  private void writeBlock(long first, long blockRows) {
    int count = (int) Math.min(blockRows, rows - first);
    try (Scratch scratch = Scratch.borrow()) {
      int column = 0;
      for (ColumnEncoder encoder : columns) {
        encoder.encode(first, count, scratch.bytes(), column, (int) rowBytes);
        column += (int) encoder.bytes();
      }
      file.write(offset + first * rowBytes, scratch.bytes().asSlice(0, count * rowBytes));
    }
  }

  /** Rows of which not even one fits into a scratch. */
  private Job longRows() {
    return new Job(rows, this::writeRow);
  }

  private void writeRow(long row) {
    long place = offset + row * rowBytes;
    try (Scratch scratch = Scratch.borrow()) {
      for (ColumnEncoder column : columns) {
        for (long done = 0; done < column.bytes(); done += Scratch.BYTES) {
          long bytes = Math.min(Scratch.BYTES, column.bytes() - done);
          MemorySegment part = scratch.bytes().asSlice(0, bytes);
          column.encodePart(row, done, part);
          file.write(place + done, part);
        }
        place += column.bytes();
      }
    }
  }
}
