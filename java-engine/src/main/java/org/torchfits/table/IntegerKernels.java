package org.torchfits.table;

/**
 * Arithmetic with integers of 64 bits. Each gives the number of the first row whose result exceeds
 * them, or {@code n} if there is none.
 *
 * <p>One plain loop over arrays a method; {@code n} is the number of rows.
 */
final class IntegerKernels {
  /** Makes the result of two operands in the place of the first. */
  @FunctionalInterface
  interface Binary {
    int apply(Integers left, Integers right, int n);
  }

  /** Makes the result of one operand in its place. */
  @FunctionalInterface
  interface Unary {
    int apply(Integers numbers, int n);
  }

  private IntegerKernels() {}

  private static void joinNulls(Integers left, Integers right, int n) {
    for (int i = 0; i < n; i++) {
      left.nulls[i] |= right.nulls[i];
    }
  }

  static int add(Integers left, Integers right, int n) {
    joinNulls(left, right, n);
    for (int i = 0; i < n; i++) {
      long sum = left.values[i] + right.values[i];
      if (((left.values[i] ^ sum) & (right.values[i] ^ sum)) < 0 && left.nulls[i] == 0) {
        return i;
      }
      left.values[i] = sum;
    }
    return n;
  }

  static int subtract(Integers left, Integers right, int n) {
    joinNulls(left, right, n);
    for (int i = 0; i < n; i++) {
      long rest = left.values[i] - right.values[i];
      if (((left.values[i] ^ right.values[i]) & (left.values[i] ^ rest)) < 0
          && left.nulls[i] == 0) {
        return i;
      }
      left.values[i] = rest;
    }
    return n;
  }

  static int multiply(Integers left, Integers right, int n) {
    joinNulls(left, right, n);
    for (int i = 0; i < n; i++) {
      long product = left.values[i] * right.values[i];
      long high = Math.multiplyHigh(left.values[i], right.values[i]);
      if (high != product >> 63 && left.nulls[i] == 0) {
        return i;
      }
      left.values[i] = product;
    }
    return n;
  }

  /** Of the sign of the divisor, as in Python; null for a divisor of 0. */
  static int remainder(Integers left, Integers right, int n) {
    joinNulls(left, right, n);
    for (int i = 0; i < n; i++) {
      if (right.values[i] == 0) {
        left.nulls[i] = 1;
      } else {
        left.values[i] = Math.floorMod(left.values[i], right.values[i]);
      }
    }
    return n;
  }

  static int bitAnd(Integers left, Integers right, int n) {
    joinNulls(left, right, n);
    for (int i = 0; i < n; i++) {
      left.values[i] &= right.values[i];
    }
    return n;
  }

  static int bitOr(Integers left, Integers right, int n) {
    joinNulls(left, right, n);
    for (int i = 0; i < n; i++) {
      left.values[i] |= right.values[i];
    }
    return n;
  }

  static int min(Integers left, Integers right, int n) {
    joinNulls(left, right, n);
    for (int i = 0; i < n; i++) {
      left.values[i] = Math.min(left.values[i], right.values[i]);
    }
    return n;
  }

  static int max(Integers left, Integers right, int n) {
    joinNulls(left, right, n);
    for (int i = 0; i < n; i++) {
      left.values[i] = Math.max(left.values[i], right.values[i]);
    }
    return n;
  }

  static int negate(Integers numbers, int n) {
    for (int i = 0; i < n; i++) {
      if (numbers.values[i] == Long.MIN_VALUE && numbers.nulls[i] == 0) {
        return i;
      }
      numbers.values[i] = -numbers.values[i];
    }
    return n;
  }

  static int absolute(Integers numbers, int n) {
    for (int i = 0; i < n; i++) {
      if (numbers.values[i] == Long.MIN_VALUE && numbers.nulls[i] == 0) {
        return i;
      }
      numbers.values[i] = Math.abs(numbers.values[i]);
    }
    return n;
  }

  static int complement(Integers numbers, int n) {
    for (int i = 0; i < n; i++) {
      numbers.values[i] = ~numbers.values[i];
    }
    return n;
  }
}
