package org.torchfits.table;

import java.util.Arrays;

/**
 * Count and mean of numbers, and the sum of the squares of what lies between them and the mean.
 *
 * <p>A lane is summed up in one pass, as steps from its first number. That number's distance from
 * the mean is among the squares as well, so that no more than three of fifteen digits can be lost;
 * mostly none is. Lanes are joined as Chan, Golub and LeVeque do it.
 */
final class Moments {
  /** Where the sums of a lane pass through. One thread at a time. */
  static final class Sums {
    /** So many partial sums, and C2 makes vectors of the loop. */
    static final int PARTS = FloatLoader.LANE / 4;

    private final double[] steps = new double[PARTS];
    private final double[] squares = new double[PARTS];
  }

  /** What means are counted from, near all numbers of a column: small ones have more digits. */
  private final double origin;

  private long count;
  private double mean;
  private double squares;

  /**
   * @param origin one of the numbers or some other near them; the same for all that are joined
   */
  Moments(double origin) {
    this.origin = origin;
  }

  /** Moments of no numbers, to be joined with these. */
  Moments empty() {
    return new Moments(origin);
  }

  /** How many numbers there are. */
  long count() {
    return count;
  }

  /** Their mean. */
  double mean() {
    return origin + mean;
  }

  /** Their deviation, that of the whole population; NaN if there is none. */
  double deviation() {
    return Math.sqrt(squares / count);
  }

  /**
   * Adds finite numbers.
   *
   * @param values the first {@code n} of them; {@link FloatLoader#LANE}, the others are overwritten
   * @param sums are overwritten
   */
  void add(float[] values, int n, Sums sums) {
    if (n > 0) {
      double first = values[0];
      Arrays.fill(values, n, FloatLoader.LANE, values[0]); // no step, nothing is added
      FrameKernels.sumLane(values, first, sums.steps, sums.squares);
      double steps = FrameKernels.sum(sums.steps);
      join(
          n,
          first - origin + steps / n,
          Math.max(0, FrameKernels.sum(sums.squares) - steps / n * steps));
    }
  }

  /** Adds other numbers. */
  void add(Moments others) {
    if (others.count > 0) {
      join(others.count, others.mean, others.squares);
    }
  }

  private void join(long otherCount, double otherMean, double otherSquares) {
    long all = count + otherCount;
    double step = otherMean - mean;
    squares += otherSquares + step * step * count * otherCount / all;
    mean += step * otherCount / all;
    count = all;
  }
}
