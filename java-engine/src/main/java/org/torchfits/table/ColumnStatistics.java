package org.torchfits.table;

import java.util.Arrays;

/**
 * Mean, deviation, extremes and quartiles of the finite numbers of a column: exactly, and the same
 * ones whatever the number of threads. First come {@link #sample} and a survey; then each pass
 * takes all numbers, lane by lane, and is ended by {@link #endPass} until {@link #isComplete}.
 *
 * <p>Within a pass safe for use by several threads, each with its own {@link Lanes}.
 */
final class ColumnStatistics {
  /** Numbers that {@link #write} writes: count, mean, deviation, and five quantiles. */
  static final int LENGTH = 8;

  private static final int SAMPLE = 2048;

  /** Rows of a survey at least. */
  private static final long SURVEYED_ROWS = 64 << 10;

  /** What part of the rows a survey is at least. */
  private static final long LEAST_SHARE = 8;

  private static final double[] QUARTILES = {0.25, 0.5, 0.75};

  /** What one thread works with. */
  static final class Lanes {
    final float[] numbers = new float[FloatLoader.LANE];
    private final FloatKeys keys = new FloatKeys(numbers);
    private final Moments.Sums sums = new Moments.Sums();
    private final RankSearch.Lanes ranks = new RankSearch.Lanes();
    private int lowest = Integer.MAX_VALUE;
    private int highest = Integer.MIN_VALUE;
  }

  private final FloatLoader column;
  private final int most;

  /** Of each piece of the column, to be joined in order. */
  private final Moments[] pieces;

  private Moments moments = new Moments(0);
  private RankSearch quartiles;
  private boolean isFirstPass = true;
  private boolean isComplete;
  private int lowest = Integer.MAX_VALUE;
  private int highest = Integer.MIN_VALUE;

  /**
   * @param column whose rows do not change
   * @param pieces how many there are in the first pass
   * @param most numbers near quartiles that may be collected
   */
  ColumnStatistics(FloatLoader column, int pieces, int most) {
    this.column = column;
    this.most = most;
    this.quartiles = new RankSearch(new int[0], most, QUARTILES);
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
    quartiles = new RankSearch(sample, most, QUARTILES);
    if (finite > 0) {
      moments = new Moments(FloatKeys.value(sample[finite / 2]));
      if (isSample(column.rows())) {
        quartiles.end(sample);
      }
    }
  }

  /** Whether the sample of so many rows has them all. */
  static boolean isSample(long rows) {
    return rows <= SAMPLE;
  }

  /** Rows of a survey in each {@link FloatLoader#LANE} rows; all of them if there are not many. */
  static int surveyed(long rows) {
    return (int) (FloatLoader.LANE / Math.clamp(rows / SURVEYED_ROWS, 1, LEAST_SHARE));
  }

  /** The first one of them, at changing places. */
  static long surveyedRow(long lane, int surveyed) {
    int places = FloatLoader.LANE - surveyed + 1;
    return lane * FloatLoader.LANE + place((int) lane, places);
  }

  /** One row of each stretch, at changing places: what stands in rows may be periodic. */
  long sampledRow(int index, int samples) {
    long stretch = column.rows() / samples;
    return index * column.rows() / samples + place(index, stretch);
  }

  private static long place(int index, long places) {
    return (Integer.toUnsignedLong(index * 0x9E3779B9) * places) >>> Integer.SIZE;
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
   * Ends the survey.
   *
   * @param share of the rows that were in it
   */
  void endSurvey(double share) {
    quartiles.endSurvey(share);
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
    quartiles.accept(lanes.keys, kept, lanes.ranks);
  }

  /** Takes numbers of the survey or a later pass. */
  void accept(int count, Lanes lanes) {
    quartiles.accept(lanes.keys, lanes.keys.makeOfFinite(count), lanes.ranks);
  }

  /** Takes what lanes found since they were last added to a column. */
  void add(Lanes lanes) {
    quartiles.add(lanes.ranks);
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
    }
    isComplete = moments.count() == 0 || quartiles.endPass(moments.count());
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
        into[4 + i] = quartiles.quantile(i, moments.count());
      }
      into[LENGTH - 1] = FloatKeys.value(highest);
    }
  }
}
