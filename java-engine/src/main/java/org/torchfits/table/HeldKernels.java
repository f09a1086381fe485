package org.torchfits.table;

/**
 * Values of memory in the types that conditions know.
 *
 * <p>One plain loop over arrays a method; {@code n} is the number of rows.
 */
final class HeldKernels {
  private HeldKernels() {}

  static void widen(float[] from, double[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = from[i];
    }
  }

  /**
   * @param mask of the bits that are kept once the sign is extended
   */
  static void widen(byte[] from, long mask, long[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = from[i] & mask;
    }
  }

  /** Likewise. */
  static void widen(short[] from, long mask, long[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = from[i] & mask;
    }
  }

  /** Likewise. */
  static void widen(int[] from, long mask, long[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = from[i] & mask;
    }
  }

  /** From 0 and others to what {@link Truth} has. */
  static void toTruths(byte[] values, int n) {
    for (int i = 0; i < n; i++) {
      values[i] = values[i] == 0 ? Truth.FALSE : Truth.TRUE;
    }
  }
}
