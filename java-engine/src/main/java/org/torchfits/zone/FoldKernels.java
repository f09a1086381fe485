package org.torchfits.zone;

/**
 * The least and greatest of some values.
 *
 * <p>One plain loop over arrays a method; {@code n} is the number of rows, at least 1. The first
 * and the last value come first: where values are sorted, these are all, and no branch is guessed
 * wrong. Branches take half of the time of {@link Math#min} here.
 */
final class FoldKernels {
  private FoldKernels() {}

  /** A long in the order of the numbers, as {@link #order} has it: NaN lies beyond all others. */
  static long order(double value) {
    long bits = Double.doubleToRawLongBits(value);
    return bits ^ ((bits >> 63) & Long.MAX_VALUE);
  }

  /** The number of such a long. */
  static double number(long order) {
    return Double.longBitsToDouble(order ^ ((order >> 63) & Long.MAX_VALUE));
  }

  /** Puts the orders of the least and the greatest into an array. */
  static void extremes(double[] values, int n, long[] into) {
    long first = order(values[0]);
    long last = order(values[n - 1]);
    long least = Math.min(first, last);
    long greatest = Math.max(first, last);
    for (int i = 0; i < n; i++) {
      long order = order(values[i]);
      if (order < least) {
        least = order;
      }
      if (order > greatest) {
        greatest = order;
      }
    }
    into[0] = least;
    into[1] = greatest;
  }

  /** Likewise, of those that are not NaN; how many are. */
  static int extremesOfNumbers(double[] values, int n, long[] into) {
    double least = Double.POSITIVE_INFINITY;
    double greatest = Double.NEGATIVE_INFINITY;
    int nans = 0;
    for (int i = 0; i < n; i++) {
      double value = values[i];
      nans += Double.isNaN(value) ? 1 : 0;
      if (value < least) {
        least = value;
      }
      if (value > greatest) {
        greatest = value;
      }
    }
    into[0] = order(least);
    into[1] = order(greatest);
    return nans;
  }

  /** Puts the least and the greatest into an array. */
  static void extremes(long[] values, int n, long[] into) {
    long least = Math.min(values[0], values[n - 1]);
    long greatest = Math.max(values[0], values[n - 1]);
    for (int i = 0; i < n; i++) {
      long value = values[i];
      if (value < least) {
        least = value;
      }
      if (value > greatest) {
        greatest = value;
      }
    }
    into[0] = least;
    into[1] = greatest;
  }

  /** How many of some flags, each 0 or 1, are set. */
  static int count(byte[] flags, int n) {
    int count = 0;
    for (int i = 0; i < n; i++) {
      count += flags[i];
    }
    return count;
  }
}
