package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.IntConsumer;
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
 * finds their statistics meanwhile. A sample of each column comes first. Then one pass over the
 * rows does both, and most quartiles need a second one over the columns alone.
 */
public final class NumericalBlock {
  /** The rows of a tile stay in the core's cache until the last column is there. */
  private static final long TILE_BYTES = 256 << 10;

  /** Numbers near quartiles that may be collected, of all columns. */
  private static final int MOST_COLLECTED = 2 << 20;

  /** Pieces keep what they find until the pass ends: their number is bounded. */
  private static final long MOST_PIECES = 1024;

  /** Columns whose numbers are put side by side at a time: stores next to each other are cheap. */
  private static final int GROUP = 4;

  /** What one thread works with. */
  private static final class Scratch {
    private final FloatLoader.Lanes loader = new FloatLoader.Lanes();
    private final ColumnStatistics.Lanes[] lanes = new ColumnStatistics.Lanes[GROUP];

    /** With room for what {@link #scatter} writes behind the last row. */
    private final float[] tile;

    private Scratch(int tileRows, int columns) {
      Arrays.setAll(lanes, i -> new ColumnStatistics.Lanes());
      this.tile = new float[tileRows * columns + GROUP - 1];
    }
  }

  private final List<FloatLoader> columns;
  private final List<ColumnStatistics> statistics;
  private final long rows;
  private final int tileRows;
  private final long pieceRows;
  private final Queue<Scratch> idle = new ConcurrentLinkedQueue<>();
  private final MemorySegment block;
  private final MemorySegment found;
  private final Task.Result result;

  private NumericalBlock(List<FloatLoader> columns, DlpackTensor addresses, DlpackTensor... parts) {
    this.columns = columns;
    this.rows = columns.getFirst().rows();
    this.tileRows = tileRows(columns.size());
    this.pieceRows = Math.max(1, Math.ceilDiv(rows, tileRows * MOST_PIECES)) * tileRows;
    this.statistics =
        columns.stream()
            .map(column -> new ColumnStatistics(column, pieces(), MOST_COLLECTED / columns.size()))
            .toList();
    this.block = parts[0].elements();
    this.found = parts[1].elements();
    this.result = new Task.Result(addresses, List.of(parts));
  }

  private static int tileRows(int columns) {
    long lanes = TILE_BYTES / ((long) Float.BYTES * FloatLoader.LANE * columns);
    return (int) Math.max(1, lanes) * FloatLoader.LANE;
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
      parts.add(addresses);
      NumericalBlock made = new NumericalBlock(columns, addresses, parts.get(0), parts.get(1));
      return Task.ofTwoJobs(made.samples(), made::survey, () -> parts.forEach(DlpackTensor::close));
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

  private int pieces() {
    return (int) Math.ceilDiv(rows, pieceRows);
  }

  private Job samples() {
    return shared(columns.size(), column -> statistics.get(column).sample());
  }

  private Task.Second survey() {
    if (ColumnStatistics.isSample(rows)) {
      return firstPass();
    }
    return new Task.Second(shared(pieces(), this::survey), result, this::firstPass);
  }

  private Task.Second firstPass() {
    double share = (double) ColumnStatistics.surveyed(rows) / FloatLoader.LANE;
    statistics.forEach(column -> column.endSurvey(share));
    return new Task.Second(shared(pieces(), this::fill), result, this::ends);
  }

  private Task.Second ends() {
    return new Task.Second(shared(columns.size(), this::endPass), result, this::nextPass);
  }

  private Task.Second nextPass() {
    if (statistics.stream().allMatch(ColumnStatistics::isComplete)) {
      return new Task.Second(new Job(0, piece -> {}), result);
    }
    return new Task.Second(shared(pieces(), this::lookAgain), result, this::ends);
  }

  private static Job shared(int pieces, IntConsumer work) {
    Job job = new Job(pieces, piece -> work.accept((int) piece));
    Workers.share(job);
    return job;
  }

  private void endPass(int column) {
    ColumnStatistics ended = statistics.get(column);
    if (!ended.isComplete()) {
      ended.endPass();
    }
    if (ended.isComplete()) {
      write(column);
    }
  }

  private void write(int column) {
    double[] numbers = new double[ColumnStatistics.LENGTH];
    statistics.get(column).write(numbers);
    long offset = (long) column * Double.BYTES * numbers.length;
    MemorySegment.copy(numbers, 0, found, JAVA_DOUBLE, offset, numbers.length);
  }

  private void fill(int piece) {
    Scratch scratch = scratch();
    Moments[] moments = new Moments[columns.size()];
    Arrays.setAll(moments, column -> statistics.get(column).newMoments());
    long end = Math.min((piece + 1) * pieceRows, rows);
    for (long first = piece * pieceRows; first < end; first += tileRows) {
      fillTile(first, (int) Math.min(tileRows, end - first), moments, scratch);
    }
    for (int column = 0; column < moments.length; column++) {
      statistics.get(column).add(piece, moments[column]);
    }
    idle.add(scratch);
  }

  private Scratch scratch() {
    Scratch scratch = idle.poll();
    return scratch != null ? scratch : new Scratch(tileRows, columns.size());
  }

  private void fillTile(long first, int count, Moments[] moments, Scratch scratch) {
    int groups = Math.ceilDiv(columns.size(), GROUP);
    // From the last one on: what it writes too much is overwritten by the first one.
    for (int group = groups - 1; group >= 0; group--) {
      fillGroup(group * GROUP, first, count, moments, scratch);
    }
    long offset = first * columns.size() * Float.BYTES;
    MemorySegment.copy(scratch.tile, 0, block, JAVA_FLOAT, offset, count * columns.size());
  }

  /** Of a tile the columns from {@code start} on. */
  private void fillGroup(int start, long first, int count, Moments[] moments, Scratch scratch) {
    ColumnStatistics.Lanes[] lanes = scratch.lanes;
    int size = Math.min(GROUP, columns.size() - start);
    for (int row = 0; row < count; row += FloatLoader.LANE) {
      int n = Math.min(FloatLoader.LANE, count - row);
      for (int i = 0; i < size; i++) {
        columns.get(start + i).load(first + row, n, scratch.loader, lanes[i].numbers);
      }
      scatter(lanes, n, scratch.tile, row * columns.size() + start, columns.size());
      for (int i = 0; i < size; i++) {
        statistics.get(start + i).acceptFirst(n, lanes[i], moments[start + i]);
      }
    }
    for (int i = 0; i < size; i++) {
      statistics.get(start + i).add(lanes[i]);
    }
  }

  /** Writes four numbers in each row, also where fewer are wanted. */
  private static void scatter(
      ColumnStatistics.Lanes[] from, int count, float[] tile, int start, int stride) {
    float[] a = from[0].numbers;
    float[] b = from[1].numbers;
    float[] c = from[2].numbers;
    float[] d = from[3].numbers;
    int at = start;
    for (int i = 0; i < count; i++, at += stride) {
      tile[at] = a[i];
      tile[at + 1] = b[i];
      tile[at + 2] = c[i];
      tile[at + 3] = d[i];
    }
  }

  private void survey(int piece) {
    Scratch scratch = scratch();
    for (int column = 0; column < columns.size(); column++) {
      survey(piece, column, scratch);
    }
    idle.add(scratch);
  }

  private void survey(int piece, int column, Scratch scratch) {
    ColumnStatistics.Lanes lanes = scratch.lanes[0];
    int surveyed = ColumnStatistics.surveyed(rows);
    long end = Math.min((piece + 1) * pieceRows, rows);
    for (long lane = piece * pieceRows / FloatLoader.LANE; lane * FloatLoader.LANE < end; lane++) {
      long row = ColumnStatistics.surveyedRow(lane, surveyed);
      int n = (int) Math.min(surveyed, end - row);
      if (n > 0) {
        columns.get(column).load(row, n, scratch.loader, lanes.numbers);
        statistics.get(column).accept(n, lanes);
      }
    }
    statistics.get(column).add(lanes);
  }

  private void lookAgain(int piece) {
    Scratch scratch = scratch();
    for (int column = 0; column < columns.size(); column++) {
      if (!statistics.get(column).isComplete()) {
        lookAgain(piece, column, scratch);
      }
    }
    idle.add(scratch);
  }

  private void lookAgain(int piece, int column, Scratch scratch) {
    ColumnStatistics.Lanes lanes = scratch.lanes[0];
    long end = Math.min((piece + 1) * pieceRows, rows);
    for (long row = piece * pieceRows; row < end; row += FloatLoader.LANE) {
      int n = (int) Math.min(FloatLoader.LANE, end - row);
      columns.get(column).load(row, n, scratch.loader, lanes.numbers);
      statistics.get(column).accept(n, lanes);
    }
    statistics.get(column).add(lanes);
  }
}
