package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.NativeMemoryException;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/**
 * Columns of numbers side by side, one row behind the other, as a TensorFrame keeps them, and their
 * statistics. {@link #put} fills them, from several threads; once all rows are there {@link
 * #nextStage} ends the statistics.
 *
 * <p>Of many rows a sample may come first. Then statistics are found while rows are put there and
 * are in the core's cache, else all rows are gone through once more.
 */
final class NumericalBlock implements AutoCloseable {
  /** Rows of a sample that stand next to each other. */
  static final int RUN = 32;

  /** Columns that are put side by side at a time: stores next to each other are cheap. */
  static final int GROUP = 4;

  /** Rows of a piece stay in the core's cache until the last column is looked at. */
  private static final long PIECE_BYTES = 256 << 10;

  /** Rows of a sample at least, if there are so many, and at most. */
  private static final int LEAST_SAMPLED = 2048;

  private static final int SAMPLED = 64 << 10;

  /** What part of the rows a sample is otherwise. */
  private static final int SHARE = 16;

  /** Numbers of the samples of all columns. */
  private static final int MOST_SAMPLED = 2 << 20;

  private static final float[] NONE = {};

  /** Numbers near quartiles that may be collected, of all columns. */
  private static final int MOST_COLLECTED = 2 << 20;

  /**
   * What numbers of one thread pass through. Who fails does not give them back: what they found of
   * a piece would be taken for a part of another one.
   */
  static final class Lanes {
    private static final ArrayBlockingQueue<Lanes> POOL = new ArrayBlockingQueue<>(32);

    private final MemorySegment decoded =
        Arena.ofAuto().allocate((long) Long.BYTES * FloatLoader.LANE, Long.BYTES);
    private final FloatLoader.Lanes loader = new FloatLoader.Lanes();
    private final ColumnStatistics.Lanes[] columns = new ColumnStatistics.Lanes[GROUP];

    private Lanes() {
      Arrays.setAll(columns, i -> new ColumnStatistics.Lanes());
    }

    /** Lanes for {@link #giveBack}. */
    static Lanes borrow() {
      Lanes idle = POOL.poll();
      return idle != null ? idle : new Lanes();
    }

    void giveBack() {
      POOL.offer(this);
    }

    /** For {@link FloatLoader#LANE} numbers of any type. */
    MemorySegment decoded() {
      return decoded;
    }

    FloatLoader.Lanes loader() {
      return loader;
    }
  }

  /** Some rows of numbers that are put side by side. */
  @FunctionalInterface
  interface Source {
    /**
     * Gives numbers of one column.
     *
     * @param column of the block, from 0
     * @param row of the source, from 0
     * @param count of rows, at most {@link FloatLoader#LANE}
     * @param into the first ones of it
     */
    void load(int column, int row, int count, Lanes lanes, float[] into);
  }

  private final DlpackTensor block;
  private final DlpackTensor told;
  private final MemorySegment numbers;
  private final long rows;
  private final int columns;
  private final List<ColumnStatistics> statistics;

  /** Of each column; empty if no sample comes first. */
  private float[][] samples = {};

  private Supplier<RowReader.@Nullable Stage> next = this::begin;

  /**
   * A block for numbers that are not there yet.
   *
   * @param columns at least one
   * @param place where they come from, for messages; empty for nowhere
   */
  NumericalBlock(long rows, int columns, Abi abi, String place) {
    this.rows = rows;
    this.columns = columns;
    this.block = allocate(abi, ElementType.FLOAT32, rows, columns, place);
    try {
      this.told = allocate(abi, ElementType.FLOAT64, columns, ColumnStatistics.LENGTH, place);
    } catch (RuntimeException | Error failure) {
      block.close();
      throw failure;
    }
    this.numbers = block.elements();
    this.statistics =
        Stream.generate(() -> new ColumnStatistics(MOST_COLLECTED / columns))
            .limit(columns)
            .toList();
  }

  private static DlpackTensor allocate(
      Abi abi, ElementType type, long rows, int columns, String place) {
    try {
      return DlpackTensor.allocate(abi, type, rows, columns);
    } catch (NativeMemoryException | ArithmeticException refused) {
      throw new FitsException(
          ErrorKind.OUT_OF_MEMORY,
          place + "a frame of " + columns + " columns: " + refused.getMessage());
    }
  }

  /** Number of rows. */
  long rows() {
    return rows;
  }

  /**
   * Two blocks: the numbers, FLOAT32 (rows, columns), and of each column what {@link
   * ColumnStatistics#write} tells, FLOAT64 (columns, {@value ColumnStatistics#LENGTH}).
   */
  List<DlpackTensor> blocks() {
    return List.of(block, told);
  }

  /** Rows that are put here as a piece of work, or looked at. */
  int pieceRows() {
    long lanes = PIECE_BYTES / ((long) Float.BYTES * FloatLoader.LANE * columns);
    return FloatLoader.LANE * (int) Math.max(1, lanes);
  }

  /** Whether there are so many rows that it is faster to take a sample before they are put here. */
  boolean isWorthSample() {
    return rows > SHARE * LEAST_SAMPLED;
  }

  private int sampledRows() {
    int most = Math.clamp(MOST_SAMPLED / columns, LEAST_SAMPLED, SAMPLED);
    return (int) Math.min(rows, Math.clamp(rows / SHARE, LEAST_SAMPLED, most));
  }

  /** How many runs of rows a sample has. */
  int runs() {
    return sampledRows() / RUN;
  }

  /**
   * The first row of a run, of {@link #RUN} ones: at changing places, since rows may be periodic.
   */
  long runRow(int run) {
    long begin = run * rows / runs();
    long places = rows / runs() - RUN + 1;
    return begin + ((Integer.toUnsignedLong(run * 0x9E3779B9) * places) >>> Integer.SIZE);
  }

  /** Begins a sample, before rows are put here. */
  void beginSample() {
    samples = new float[columns][runs() * RUN];
  }

  /**
   * Takes neighbouring columns of a run.
   *
   * @param source the run
   * @see #put for the other parameters
   */
  void sample(int first, int end, int run, Source source, Lanes lanes) {
    float[] numbersOfRun = lanes.columns[0].numbers;
    for (int column = first; column < end; column++) {
      source.load(column, 0, RUN, lanes, numbersOfRun);
      System.arraycopy(numbersOfRun, 0, samples[column], run * RUN, RUN);
    }
  }

  /** The work that comes when the sample is whole. */
  RowReader.Stage endSample() {
    double share = (double) runs() * RUN / rows;
    return new RowReader.Stage(columns, column -> begin((int) column, share));
  }

  private void begin(int column, double share) {
    statistics.get(column).begin(samples[column], share);
    samples[column] = NONE;
  }

  private boolean isSampled() {
    return samples.length > 0;
  }

  /**
   * Fills neighbouring columns of some rows.
   *
   * @param first of the columns, from 0
   * @param end behind the last one
   * @param row the first one, from 0
   * @param count of rows
   * @param source these rows
   */
  void put(int first, int end, long row, int count, Source source, Lanes lanes) {
    boolean isWhole = first == 0 && end == columns && columns >= GROUP;
    // From the last group on: what it writes behind its columns is overwritten by the first one.
    for (int column = first + (end - first - 1) / GROUP * GROUP; column >= first; column -= GROUP) {
      int size = Math.min(GROUP, end - column);
      boolean mayWriteBehind = isWhole || size == GROUP;
      putGroup(column, size, row, count, source, lanes, mayWriteBehind);
    }
  }

  private void putGroup(
      int column,
      int size,
      long row,
      int count,
      Source source,
      Lanes lanes,
      boolean mayWriteBehind) {
    for (int done = 0; done < count; done += FloatLoader.LANE) {
      int n = Math.min(FloatLoader.LANE, count - done);
      for (int i = 0; i < size; i++) {
        source.load(column + i, done, n, lanes, lanes.columns[i].numbers);
      }
      boolean isLast = done + n == count;
      int together = !mayWriteBehind ? 0 : isLast && size < GROUP ? n - 1 : n;
      scatterGroup(lanes, column, row + done, together);
      for (int i = 0; i < size; i++) {
        scatter(lanes.columns[i].numbers, column + i, row + done, together, n);
        if (isSampled()) {
          statistics.get(column + i).accept(n, lanes.columns[i]);
        }
      }
    }
    for (int i = 0; i < size && isSampled(); i++) {
      statistics.get(column + i).add(row, row + count, lanes.columns[i]);
    }
  }

  private void scatterGroup(Lanes lanes, int column, long row, int count) {
    if (count > 0) {
      FrameKernels.scatter(
          lanes.columns[0].numbers,
          lanes.columns[1].numbers,
          lanes.columns[2].numbers,
          lanes.columns[3].numbers,
          target(column, row, count, GROUP),
          columns * Float.BYTES,
          count);
    }
  }

  private void scatter(float[] lane, int column, long row, int start, int count) {
    if (start < count) {
      MemorySegment target = target(column, row + start, count - start, 1);
      FrameKernels.scatter(lane, start, target, columns * Float.BYTES, count - start);
    }
  }

  /** From one number of a row to another one of the last of so many rows. */
  private MemorySegment target(int column, long row, int count, int size) {
    long begin = (row * columns + column) * Float.BYTES;
    return numbers.asSlice(begin, ((long) (count - 1) * columns + size) * Float.BYTES);
  }

  /** Work on the statistics, once all rows are there; null if none is left. */
  RowReader.@Nullable Stage nextStage() {
    return next.get();
  }

  private RowReader.@Nullable Stage begin() {
    if (isSampled()) {
      return ends();
    }
    next = this::firstPass;
    return new RowReader.Stage(columns, column -> begin((int) column));
  }

  private void begin(int column) {
    float[] sample = new float[sampledRows()];
    if (sample.length == rows) {
      load(column, 0, sample.length, sample, 0);
    } else {
      sample = new float[runs() * RUN];
      for (int run = 0; run < runs(); run++) {
        load(column, runRow(run), RUN, sample, run * RUN);
      }
    }
    double share = rows == 0 ? 1 : (double) sample.length / rows;
    statistics.get(column).begin(sample, share);
  }

  /** Numbers of a column, from {@code start} of {@code into} on. */
  private void load(int column, long first, int count, float[] into, int start) {
    long rowBytes = (long) columns * Float.BYTES;
    MemorySegment some = numbers.asSlice(first * rowBytes, count * rowBytes);
    FrameKernels.gather(some, column, columns, into, start, count);
  }

  private RowReader.@Nullable Stage firstPass() {
    next = this::ends;
    return pass(ColumnStatistics::accept);
  }

  private RowReader.@Nullable Stage ends() {
    next = this::nextPass;
    return new RowReader.Stage(columns, column -> endPass((int) column));
  }

  private RowReader.@Nullable Stage nextPass() {
    if (statistics.stream().allMatch(ColumnStatistics::isComplete)) {
      return null;
    }
    next = this::ends;
    return pass(ColumnStatistics::acceptAgain);
  }

  private void endPass(int column) {
    ColumnStatistics ended = statistics.get(column);
    if (!ended.isComplete()) {
      ended.endPass();
    }
    if (ended.isComplete()) {
      double[] found = new double[ColumnStatistics.LENGTH];
      ended.write(found);
      long offset = (long) column * Double.BYTES * found.length;
      MemorySegment.copy(found, 0, told.elements(), JAVA_DOUBLE, offset, found.length);
    }
  }

  /** A look at numbers of a column. */
  @FunctionalInterface
  private interface Look {
    void accept(ColumnStatistics column, int count, ColumnStatistics.Lanes lanes);
  }

  /** Goes through all rows. */
  private RowReader.Stage pass(Look look) {
    long pieceRows = pieceRows();
    return new RowReader.Stage(
        Math.ceilDiv(rows, pieceRows),
        piece -> lookAt(piece * pieceRows, Math.min((piece + 1) * pieceRows, rows), look));
  }

  private void lookAt(long first, long end, Look look) {
    Lanes lanes = Lanes.borrow();
    for (int column = 0; column < columns; column++) {
      lookAt(column, first, end, look, lanes.columns[0]);
    }
    lanes.giveBack();
  }

  private void lookAt(int column, long first, long end, Look look, ColumnStatistics.Lanes lanes) {
    ColumnStatistics found = statistics.get(column);
    for (long row = first; row < end && !found.isComplete(); row += FloatLoader.LANE) {
      int count = (int) Math.min(FloatLoader.LANE, end - row);
      load(column, row, count, lanes.numbers, 0);
      look.accept(found, count, lanes);
    }
    found.add(first, end, lanes);
  }

  @Override
  public void close() {
    block.close();
    told.close();
  }
}
