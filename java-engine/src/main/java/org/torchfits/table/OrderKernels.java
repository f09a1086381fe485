package org.torchfits.table;

/**
 * Compares the values of two columns: an order for each row, from which any relation follows. Exact
 * for all pairs of types.
 *
 * <p>One plain loop over arrays a method; {@code n} is the number of rows.
 */
final class OrderKernels {
  static final byte BELOW = 0;
  static final byte EQUAL = 1;
  static final byte ABOVE = 2;

  /** Where one of the two has no value. */
  static final byte NONE = 3;

  private static final double TWO_TO_63 = 0x1p63;

  private OrderKernels() {}

  static void compare(double[] left, double[] right, byte[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = order(left[i], right[i]);
    }
  }

  /** Not as {@link Double#compare} has it: 0 equals -0. */
  private static byte order(double left, double right) {
    if (left < right) {
      return BELOW;
    }
    if (left > right) {
      return ABOVE;
    }
    return left == right ? EQUAL : NONE;
  }

  /** Two signed ones, or two unsigned ones. */
  static void compare(Integers left, Integers right, byte[] into, int n) {
    for (int i = 0; i < n; i++) {
      boolean none = (left.nulls[i] | right.nulls[i]) != 0;
      into[i] = none ? NONE : order(left.values[i], right.values[i]);
    }
  }

  private static byte order(long left, long right) {
    if (left == right) {
      return EQUAL;
    }
    return left < right ? BELOW : ABOVE;
  }

  static void compareWithUnsigned(Integers left, Integers unsigned, byte[] into, int n) {
    for (int i = 0; i < n; i++) {
      boolean none = (left.nulls[i] | unsigned.nulls[i]) != 0;
      into[i] = none ? NONE : orderWithUnsigned(left.values[i], unsigned.values[i]);
    }
  }

  private static byte orderWithUnsigned(long signed, long biased) {
    return signed < 0 ? BELOW : order(signed ^ Long.MIN_VALUE, biased);
  }

  static void compare(Integers left, boolean unsigned, double[] right, byte[] into, int n) {
    for (int i = 0; i < n; i++) {
      boolean none = left.nulls[i] != 0 || Double.isNaN(right[i]);
      into[i] = none ? NONE : order(left.values[i], unsigned, right[i]);
    }
  }

  /** Compares with the floor, and if that is equal looks at what it cut off. */
  private static byte order(long value, boolean unsigned, double real) {
    double floor = Math.floor(real);
    double shifted = unsigned ? floor - TWO_TO_63 : floor;
    if (shifted >= TWO_TO_63) {
      return BELOW;
    }
    if (unsigned ? floor < 0 : floor < -TWO_TO_63) {
      return ABOVE;
    }
    // Below 2^63 the subtraction may round; the bits of the integer do not.
    long whole = unsigned && floor < TWO_TO_63 ? (long) floor ^ Long.MIN_VALUE : (long) shifted;
    return value == whole && real > floor ? BELOW : order(value, whole);
  }

  static void compare(Texts left, Texts right, byte[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = (byte) (EQUAL + Integer.signum(left.compare(i, right, i)));
    }
  }

  static void compare(Texts left, byte[] right, byte[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = (byte) (EQUAL + Integer.signum(left.compare(i, right)));
    }
  }

  /** The truth of a relation for each order. */
  static void toTruth(byte[] orders, Relation relation, int n) {
    byte[] truths = {
      Truth.of(relation.holdsBelow()),
      Truth.of(relation.holdsAtEqual()),
      Truth.of(relation.holdsAbove()),
      Truth.UNKNOWN
    };
    for (int i = 0; i < n; i++) {
      orders[i] = truths[orders[i]];
    }
  }
}
