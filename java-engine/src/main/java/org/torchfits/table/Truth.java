package org.torchfits.table;

/**
 * The three truth values of SQL, in two bits: the upper one says that something is true, the lower
 * one that it may be true. So {@code &} and {@code |} of bytes are "and" and "or".
 *
 * <p>One plain loop over arrays a method; {@code n} is the number of rows.
 */
final class Truth {
  static final byte FALSE = 0;
  static final byte UNKNOWN = 1;
  static final byte TRUE = 3;

  private Truth() {}

  static byte of(boolean value) {
    return value ? TRUE : FALSE;
  }

  static void and(byte[] into, byte[] other, int n) {
    for (int i = 0; i < n; i++) {
      into[i] &= other[i];
    }
  }

  static void or(byte[] into, byte[] other, int n) {
    for (int i = 0; i < n; i++) {
      into[i] |= other[i];
    }
  }

  /** Exchanges the two bits and turns both around. */
  static void not(byte[] values, int n) {
    for (int i = 0; i < n; i++) {
      values[i] = (byte) ((((values[i] >> 1) | (values[i] << 1)) & TRUE) ^ TRUE);
    }
  }

  /** Whether both are the same, where both are known. */
  static void equal(byte[] into, byte[] other, int n) {
    for (int i = 0; i < n; i++) {
      boolean known = into[i] != UNKNOWN && other[i] != UNKNOWN;
      into[i] = known ? of(into[i] == other[i]) : UNKNOWN;
    }
  }

  static void isUnknown(byte[] values, int n) {
    for (int i = 0; i < n; i++) {
      values[i] = of(values[i] == UNKNOWN);
    }
  }

  /** Whether any of them is or may be true. */
  static boolean anyPossible(byte[] values, int n) {
    int bits = 0;
    for (int i = 0; i < n; i++) {
      bits |= values[i];
    }
    return bits != FALSE;
  }

  /** Whether any of them is or may be false. */
  static boolean anyDoubtful(byte[] values, int n) {
    int bits = TRUE;
    for (int i = 0; i < n; i++) {
      bits &= values[i];
    }
    return bits != TRUE;
  }
}
