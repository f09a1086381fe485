package org.torchfits.table;

import java.util.Arrays;

/**
 * Whether numbers lie in a range or are among some: what most conditions come down to.
 *
 * <p>One plain loop over arrays a method, without a branch in it; {@code n} is the number of rows.
 */
final class RangeKernels {
  private RangeKernels() {}

  /** A NaN is neither within nor outside, so that it stays unknown. */
  static void within(double[] values, Constant.Reals range, byte[] into, int n) {
    double low = range.low();
    double high = range.high();
    for (int i = 0; i < n; i++) {
      double value = values[i];
      int inside = (value >= low ? 2 : 0) & (value <= high ? 2 : 0);
      int possible = (value < low ? 0 : 1) & (value > high ? 0 : 1);
      into[i] = (byte) (inside | possible);
    }
  }

  static void within(Integers numbers, Constant.Longs range, byte[] into, int n) {
    long low = range.low();
    long high = range.high();
    long[] values = numbers.values;
    for (int i = 0; i < n; i++) {
      long value = values[i];
      into[i] = (byte) ((value >= low ? Truth.TRUE : 0) & (value <= high ? Truth.TRUE : 0));
    }
    forget(numbers.nulls, into, n);
  }

  /** Makes unknown what is of no value. */
  static void forget(byte[] nulls, byte[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = (byte) ((into[i] & (nulls[i] - 1)) | nulls[i]);
    }
  }

  /**
   * @param sorted without NaN and -0
   */
  static void among(double[] values, double[] sorted, byte[] into, int n) {
    for (int i = 0; i < n; i++) {
      // Adding 0 makes -0 a 0.
      boolean found = Arrays.binarySearch(sorted, values[i] + 0.0) >= 0;
      into[i] = Double.isNaN(values[i]) ? Truth.UNKNOWN : Truth.of(found);
    }
  }

  static void among(Integers numbers, long[] sorted, byte[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = Truth.of(Arrays.binarySearch(sorted, numbers.values[i]) >= 0);
    }
    forget(numbers.nulls, into, n);
  }
}
