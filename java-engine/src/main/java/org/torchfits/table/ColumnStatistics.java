package org.torchfits.table;

import java.util.Arrays;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Mean, deviation, extremes and quartiles of the finite numbers of a column: exactly, and the same
 * ones whatever the number of threads. First comes {@link #begin}; then each pass takes all numbers
 * piece by piece, and is ended by {@link #endPass} until {@link #isComplete}.
 *
 * <p>Within a pass safe for use by several threads, each with its own {@link Lanes}.
 */
final class ColumnStatistics {
  /** Numbers that {@link #write} writes: count, mean, deviation, and five quantiles. */
  static final int LENGTH = 8;

  private static final double[] QUARTILES = {0.25, 0.5, 0.75};

  /** What one thread finds of a piece. */
  static final class Lanes {
    /** Where numbers are taken from. */
    final float[] numbers = new float[FloatLoader.LANE];

    private final FloatKeys keys = new FloatKeys(numbers);
    private final Moments.Sums sums = new Moments.Sums();
    private final RankSearch.Lanes ranks = new RankSearch.Lanes();
    private int lowest = Integer.MAX_VALUE;
    private int highest = Integer.MIN_VALUE;
    private @Nullable Moments moments;
  }

  /**
   * A piece that others come before.
   *
   * @param end behind its last row
   */
  private record Piece(long end, Moments moments) {}

  private final int most;
  private Moments moments = new Moments(0);

  /** By their first rows: sums depend on the order in which they are joined. */
  private final TreeMap<Long, Piece> waiting = new TreeMap<>();

  /** Up to this row pieces are joined. */
  private long joined;

  private RankSearch quartiles;
  private boolean isComplete;
  private int lowest = Integer.MAX_VALUE;
  private int highest = Integer.MIN_VALUE;

  /**
   * @param most numbers near quartiles that may be collected
   */
  ColumnStatistics(int most) {
    this.most = most;
    this.quartiles = RankSearch.of(new int[0], 0, most, QUARTILES);
  }

  /**
   * Says what about the numbers are.
   *
   * @param sample from all over the column; overwritten
   * @param share what part of the column it is
   */
  void begin(float[] sample, double share) {
    FloatKeys keys = new FloatKeys(sample);
    int finite = keys.makeOfFinite(sample.length);
    quartiles = RankSearch.of(Arrays.copyOf(keys.keys(), finite), share, most, QUARTILES);
    if (finite > 0) {
      moments = new Moments(sample[finite / 2]);
    }
  }

  /** Whether all is known. */
  boolean isComplete() {
    return isComplete;
  }

  /**
   * Takes numbers of a piece in the first pass.
   *
   * @param count of the first of {@code lanes.numbers}, which are overwritten
   */
  void accept(int count, Lanes lanes) {
    int kept = lanes.keys.makeOfFinite(count);
    Moments found = lanes.moments == null ? moments.empty() : lanes.moments;
    if (kept > 0) {
      lanes.lowest = Math.min(lanes.lowest, lanes.keys.lowest());
      lanes.highest = Math.max(lanes.highest, lanes.keys.highest());
      found.add(lanes.numbers, kept, lanes.sums);
    }
    lanes.moments = found;
    quartiles.accept(lanes.keys, kept, lanes.ranks);
  }

  /** Likewise in a later pass. */
  void acceptAgain(int count, Lanes lanes) {
    quartiles.accept(lanes.keys, lanes.keys.makeOfFinite(count), lanes.ranks);
  }

  /**
   * Ends a piece.
   *
   * @param first of its rows
   * @param end behind the last one
   */
  void add(long first, long end, Lanes lanes) {
    quartiles.add(lanes.ranks);
    Moments found = lanes.moments;
    if (found != null) {
      join(first, new Piece(end, found), lanes.lowest, lanes.highest);
      lanes.moments = null;
      lanes.lowest = Integer.MAX_VALUE;
      lanes.highest = Integer.MIN_VALUE;
    }
  }

  private synchronized void join(long first, Piece piece, int low, int high) {
    lowest = Math.min(lowest, low);
    highest = Math.max(highest, high);
    if (first != joined) {
      waiting.put(first, piece);
      return;
    }
    for (Piece next = piece; next != null; next = waiting.remove(joined)) {
      moments.add(next.moments);
      joined = next.end;
    }
  }

  /** Ends a pass. */
  void endPass() {
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
