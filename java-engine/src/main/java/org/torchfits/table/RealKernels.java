package org.torchfits.table;

import java.util.function.DoubleUnaryOperator;

/**
 * Arithmetic with real numbers; NaN stays NaN.
 *
 * <p>One plain loop over arrays a method; {@code n} is the number of rows.
 */
final class RealKernels {
  /** Makes the result of two operands in the place of the first. */
  @FunctionalInterface
  interface Binary {
    void apply(double[] left, double[] right, int n);
  }

  private RealKernels() {}

  static void add(double[] left, double[] right, int n) {
    for (int i = 0; i < n; i++) {
      left[i] += right[i];
    }
  }

  static void subtract(double[] left, double[] right, int n) {
    for (int i = 0; i < n; i++) {
      left[i] -= right[i];
    }
  }

  static void multiply(double[] left, double[] right, int n) {
    for (int i = 0; i < n; i++) {
      left[i] *= right[i];
    }
  }

  static void divide(double[] left, double[] right, int n) {
    for (int i = 0; i < n; i++) {
      left[i] /= right[i];
    }
  }

  /** Of the sign of the divisor, as in Python. */
  static void remainder(double[] left, double[] right, int n) {
    for (int i = 0; i < n; i++) {
      double remainder = left[i] % right[i];
      boolean otherSign = remainder != 0 && remainder < 0 != right[i] < 0;
      left[i] = otherSign ? remainder + right[i] : remainder;
    }
  }

  static void power(double[] left, double[] right, int n) {
    for (int i = 0; i < n; i++) {
      left[i] = Math.pow(left[i], right[i]);
    }
  }

  static void atan2(double[] left, double[] right, int n) {
    for (int i = 0; i < n; i++) {
      left[i] = Math.atan2(left[i], right[i]);
    }
  }

  static void hypot(double[] left, double[] right, int n) {
    for (int i = 0; i < n; i++) {
      left[i] = Math.hypot(left[i], right[i]);
    }
  }

  static void min(double[] left, double[] right, int n) {
    for (int i = 0; i < n; i++) {
      left[i] = Math.min(left[i], right[i]);
    }
  }

  static void max(double[] left, double[] right, int n) {
    for (int i = 0; i < n; i++) {
      left[i] = Math.max(left[i], right[i]);
    }
  }

  static void map(double[] values, DoubleUnaryOperator function, int n) {
    for (int i = 0; i < n; i++) {
      values[i] = function.applyAsDouble(values[i]);
    }
  }

  static void isNan(double[] values, byte[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = Truth.of(Double.isNaN(values[i]));
    }
  }

  static void isFinite(double[] values, byte[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = Truth.of(Double.isFinite(values[i]));
    }
  }

  /**
   * The real numbers nearest to integers.
   *
   * @param unsigned whether they stand for numbers greater by 2^63
   */
  static void fromIntegers(Integers numbers, boolean unsigned, double[] into, int n) {
    for (int i = 0; i < n; i++) {
      long value = numbers.values[i];
      double real = fromInteger(value, unsigned);
      into[i] = numbers.nulls[i] != 0 ? Double.NaN : real;
    }
  }

  /** The real number nearest to an integer. */
  static double fromInteger(long value, boolean unsigned) {
    return unsigned ? unsigned(value ^ Long.MIN_VALUE) : value;
  }

  /** Half of it keeps, in its last bit, what decides how to round. */
  private static double unsigned(long bits) {
    return bits >= 0 ? bits : ((bits >>> 1) | (bits & 1)) * 2.0;
  }
}
