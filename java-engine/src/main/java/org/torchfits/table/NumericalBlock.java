package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.NativeMemoryException;
import org.torchfits.dlpack.TensorView;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.work.Job;
import org.torchfits.work.Task;
import org.torchfits.work.Workers;

/**
 * Puts columns of numbers side by side, one row behind the other, as a TensorFrame keeps them, and
 * finds their statistics meanwhile.
 */
public final class NumericalBlock {
  /** The rows of a piece stay in the core's cache until the last column is there. */
  private static final long PIECE_BYTES = 128 << 10;

  private final List<FloatLoader> columns;
  private final List<ColumnStatistics> statistics;
  private final long rows;
  private final MemorySegment block;
  private final MemorySegment found;

  private NumericalBlock(List<FloatLoader> columns, MemorySegment block, MemorySegment found) {
    this.columns = columns;
    this.statistics = columns.stream().map(ColumnStatistics::new).toList();
    this.rows = columns.getFirst().rows();
    this.block = block;
    this.found = found;
  }

  /**
   * The task of making a block of columns. It gives a block of INT64 with two addresses, whose
   * blocks the caller owns with it: the numbers, FLOAT32 (rows, columns), and of each column what
   * {@link ColumnStatistics#write} tells, FLOAT64 (columns, {@value ColumnStatistics#LENGTH}).
   *
   * @param wanted INT64 (columns, 3), at least one: address of the {@code DLManagedTensor} of a
   *     column as {@link FloatLoader} takes it, 1 if it has a null value or 0, and that value; kept
   *     alive by the caller
   */
  public static Task make(TensorView wanted, Abi abi) {
    List<FloatLoader> columns = columns(wanted, abi);
    List<DlpackTensor> parts = new ArrayList<>();
    try {
      parts.add(
          DlpackTensor.allocate(
              abi, ElementType.FLOAT32, columns.getFirst().rows(), columns.size()));
      parts.add(
          DlpackTensor.allocate(abi, ElementType.FLOAT64, columns.size(), ColumnStatistics.LENGTH));
      DlpackTensor addresses = DlpackTensor.allocate(abi, ElementType.INT64, parts.size());
      for (int i = 0; i < parts.size(); i++) {
        addresses.elements().setAtIndex(JAVA_LONG, i, parts.get(i).address());
      }
      NumericalBlock made =
          new NumericalBlock(columns, parts.get(0).elements(), parts.get(1).elements());
      return Task.of(made.job(), new Task.Result(addresses, parts), () -> {});
    } catch (NativeMemoryException | ArithmeticException refused) {
      parts.forEach(DlpackTensor::close);
      throw new FitsException(
          ErrorKind.OUT_OF_MEMORY,
          "a frame of " + columns.size() + " columns: " + refused.getMessage());
    }
  }

  private static List<FloatLoader> columns(TensorView wanted, Abi abi) {
    MemorySegment longs = wanted.elements();
    List<FloatLoader> columns = new ArrayList<>();
    for (long at = 0; at < longs.byteSize() / Long.BYTES; at += 3) {
      TensorView column = TensorView.at(longs.getAtIndex(JAVA_LONG, at), abi);
      boolean hasNull = longs.getAtIndex(JAVA_LONG, at + 1) != 0;
      columns.add(new FloatLoader(column, hasNull ? longs.getAtIndex(JAVA_LONG, at + 2) : null));
    }
    if (columns.stream().mapToLong(FloatLoader::rows).distinct().count() != 1) {
      throw new IllegalArgumentException("the columns of a frame have the same number of rows");
    }
    return columns;
  }

  /** Statistics come first: each is one long piece. */
  private Job job() {
    long piece = Math.max(FloatLoader.LANE, PIECE_BYTES / (Float.BYTES * (long) columns.size()));
    Job job =
        new Job(
            columns.size() + Math.ceilDiv(rows, piece),
            index -> {
              if (index < columns.size()) {
                findStatistics((int) index);
              } else {
                long first = (index - columns.size()) * piece;
                fill(first, (int) Math.min(piece, rows - first));
              }
            });
    Workers.share(job);
    return job;
  }

  private void findStatistics(int column) {
    statistics.get(column).run();
    double[] numbers = new double[ColumnStatistics.LENGTH];
    statistics.get(column).write(numbers);
    MemorySegment.copy(
        numbers,
        0,
        found,
        JAVA_DOUBLE,
        (long) column * Double.BYTES * numbers.length,
        numbers.length);
  }

  private void fill(long first, int count) {
    FloatLoader.Lanes lanes = new FloatLoader.Lanes();
    float[] piece = new float[count * columns.size()];
    for (int column = 0; column < columns.size(); column++) {
      for (int row = 0; row < count; row += FloatLoader.LANE) {
        int n = Math.min(FloatLoader.LANE, count - row);
        columns.get(column).load(first + row, n, lanes);
        scatter(lanes.floats, n, piece, row * columns.size() + column, columns.size());
      }
    }
    long offset = first * columns.size() * Float.BYTES;
    MemorySegment.copy(piece, 0, block, JAVA_FLOAT, offset, piece.length);
  }

  private static void scatter(float[] values, int count, float[] piece, int start, int stride) {
    for (int i = 0; i < count; i++) {
      piece[start + i * stride] = values[i];
    }
  }
}
