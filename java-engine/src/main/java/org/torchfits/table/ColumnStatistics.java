package org.torchfits.table;

import java.util.Arrays;

/**
 * Mean, deviation, extremes and quartiles of the finite numbers of a column: exactly, and the same
 * ones whatever the number of threads. First comes {@link #sample}; then each pass takes all
 * numbers, lane by lane, and is ended by {@link #endPass} until {@link #isComplete}.
 *
 * <p>Within a pass safe for use by several threads, each with its own {@link Lanes}.
 */
final class ColumnStatistics {
  /** Numbers that {@link #write} writes: count, mean, deviation, and five quantiles. */
  static final int LENGTH = 8;

  private static final int SAMPLE = 2048;
  private static final double[] QUARTILES = {0.25, 0.5, 0.75};

  /** What one thread works with. */
  static final class Lanes {
    final float[] numbers = new float[FloatLoader.LANE];
    private final FloatKeys keys = new FloatKeys(numbers);
    private final Moments.Sums sums = new Moments.Sums();
    private final KeyHistogram.Tally tally = new KeyHistogram.Tally();
    private int lowest = Integer.MAX_VALUE;
    private int highest = Integer.MIN_VALUE;
  }

  private final FloatLoader column;

  /** Of each piece of the column, to be joined in order. */
  private final Moments[] pieces;

  private Moments moments = new Moments(0);
  private RankSearch quartiles = new RankSearch(new int[0], QUARTILES);
  private boolean isFirstPass = true;
  private boolean isComplete;
  private int lowest = Integer.MAX_VALUE;
  private int highest = Integer.MIN_VALUE;

  /**
   * @param column whose rows do not change
   * @param pieces how many there are in the first pass
   */
  ColumnStatistics(FloatLoader column, int pieces) {
    this.column = column;
    this.pieces = new Moments[pieces];
  }

  /** Looks at rows all over the column, to know about where the quartiles are. */
  void sample() {
    float[] values = new float[(int) Math.min(SAMPLE, column.rows())];
    for (int i = 0; i < values.length; i++) {
      values[i] = column.value(sampledRow(i, values.length));
    }
    FloatKeys keys = new FloatKeys(values);
    int finite = keys.makeOfFinite(values.length);
    int[] sample = Arrays.copyOf(keys.keys(), finite);
    Arrays.sort(sample);
    if (finite > 0) {
      moments = new Moments(FloatKeys.value(sample[finite / 2]));
    }
    quartiles = new RankSearch(sample, QUARTILES);
  }

  /** One row of each stretch, at changing places: what stands in rows may be periodic. */
  long sampledRow(int index, int samples) {
    long stretch = column.rows() / samples;
    long place = (Integer.toUnsignedLong(index * 0x9E3779B9) * stretch) >>> Integer.SIZE;
    return index * column.rows() / samples + place;
  }

  /** Whether all is known. */
  boolean isComplete() {
    return isComplete;
  }

  /** Moments of no numbers, for a piece of the first pass. */
  Moments newMoments() {
    return moments.empty();
  }

  /**
   * Takes numbers in the first pass.
   *
   * @param count of the first of {@code lanes.numbers}, of which the finite ones are moved together
   * @param piece takes their moments
   */
  void acceptFirst(int count, Lanes lanes, Moments piece) {
    int kept = lanes.keys.makeOfFinite(count);
    if (kept > 0) {
      piece.add(lanes.numbers, kept, lanes.sums);
      lanes.lowest = Math.min(lanes.lowest, lanes.keys.lowest());
      lanes.highest = Math.max(lanes.highest, lanes.keys.highest());
    }
    quartiles.count(lanes.keys, kept, lanes.tally);
  }

  /** Likewise in a later pass. */
  void accept(int count, Lanes lanes) {
    quartiles.accept(lanes.keys, count, lanes.tally);
  }

  /** Takes what lanes found since they were last added to a column. */
  void add(Lanes lanes) {
    quartiles.add(lanes.tally);
    addExtremes(lanes.lowest, lanes.highest);
    lanes.lowest = Integer.MAX_VALUE;
    lanes.highest = Integer.MIN_VALUE;
  }

  private synchronized void addExtremes(int low, int high) {
    lowest = Math.min(lowest, low);
    highest = Math.max(highest, high);
  }

  /** Takes the moments of a piece of the first pass. */
  void add(int piece, Moments found) {
    pieces[piece] = found;
  }

  /** Ends a pass. */
  void endPass() {
    if (isFirstPass) {
      isFirstPass = false;
      for (Moments piece : pieces) {
        moments.add(piece);
      }
      quartiles.seek(ranks(moments.count()));
    }
    isComplete = moments.count() == 0 || quartiles.endPass();
  }

  /** Of the numbers in their order, from 0, the ones below and above each quartile in turn. */
  private static long[] ranks(long count) {
    long[] ranks = new long[2 * QUARTILES.length];
    for (int i = 0; i < QUARTILES.length; i++) {
      double place = (count - 1) * QUARTILES[i];
      ranks[2 * i] = (long) Math.floor(place);
      ranks[2 * i + 1] = (long) Math.ceil(place);
    }
    return ranks;
  }

  /**
   * What was found: how many numbers are finite, their mean and their deviation (of the whole
   * population), then minimum, quartiles and maximum, with linear interpolation; NaN if none is.
   *
   * @param into the first {@link #LENGTH} numbers of it
   */
  void write(double[] into) {
    Arrays.fill(into, Double.NaN);
    into[0] = moments.count();
    if (moments.count() > 0) {
      into[1] = moments.mean();
      into[2] = moments.deviation();
      into[3] = FloatKeys.value(lowest);
      for (int i = 0; i < QUARTILES.length; i++) {
        into[4 + i] = quartile(i);
      }
      into[LENGTH - 1] = FloatKeys.value(highest);
    }
  }

  private double quartile(int index) {
    double place = (moments.count() - 1) * QUARTILES[index];
    double below = FloatKeys.value(quartiles.key(2 * index));
    double above = FloatKeys.value(quartiles.key(2 * index + 1));
    return below + (above - below) * (place - Math.floor(place));
  }
}
