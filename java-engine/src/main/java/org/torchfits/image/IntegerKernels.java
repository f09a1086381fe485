package org.torchfits.image;

/**
 * Loops that make integers, by way of longs that hold them all; unsigned numbers of 64 bits fill
 * them as bit patterns. {@code n} is the number of values, from index 0 on.
 */
final class IntegerKernels {
  private static final double TWO_63 = 0x1p63;

  private IntegerKernels() {}

  static void unsignedBytesToLongs(byte[] from, long shift, long[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (from[i] & 0xFF) + shift;
    }
  }

  static void shortsToLongs(short[] from, long shift, long[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = from[i] + shift;
    }
  }

  static void intsToLongs(int[] from, long shift, long[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = from[i] + shift;
    }
  }

  static void shift(long[] values, long shift, int n) {
    for (int i = 0; i < n; i++) {
      values[i] += shift;
    }
  }

  /** Truncates; those from 2^63 on fill the long as bit patterns. */
  static void doublesToLongs(double[] from, long[] to, int n) {
    for (int i = 0; i < n; i++) {
      double value = from[i];
      to[i] = value < TWO_63 ? (long) value : (long) (value - TWO_63) ^ Long.MIN_VALUE;
    }
  }

  /** Index of the first value that is not within the bounds; {@code n} if there is none. */
  static int firstOutside(long[] values, long min, long max, int n) {
    // Where a subtraction overflows, the value is outside and the sign bit set all the same.
    long signs = 0;
    for (int i = 0; i < n; i++) {
      signs |= (values[i] - min) | (max - values[i]);
    }
    return signs >= 0 ? n : search(values, min, max, n);
  }

  private static int search(long[] values, long min, long max, int n) {
    int i = 0;
    while (i < n && values[i] >= min && values[i] <= max) {
      i++;
    }
    return i;
  }

  /**
   * Index of the first value that is no integer within the bounds; {@code n} if there is none.
   *
   * @param end the least integer above the bounds
   */
  static int firstOutside(double[] values, double min, double end, int n) {
    int i = 0;
    while (i < n && values[i] >= min && values[i] < end && values[i] == Math.rint(values[i])) {
      i++;
    }
    return i;
  }

  static void longsToBytes(long[] from, byte[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (byte) from[i];
    }
  }

  static void longsToShorts(long[] from, short[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (short) from[i];
    }
  }

  static void longsToInts(long[] from, int[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (int) from[i];
    }
  }
}
