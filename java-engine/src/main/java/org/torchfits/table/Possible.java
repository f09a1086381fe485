package org.torchfits.table;

import java.util.Arrays;
import org.torchfits.zone.IntegerBounds;
import org.torchfits.zone.RealBounds;

/**
 * Which of the three truth values a condition may have for the rows of each zone: sets in three
 * bits. A set may have more than there are, never less.
 *
 * <p>One plain loop over arrays a method; a zone of which nothing is known has all three.
 */
final class Possible {
  static final byte TRUE = 1;
  static final byte FALSE = 2;
  static final byte UNKNOWN = 4;
  static final byte ANY = TRUE | FALSE | UNKNOWN;

  private Possible() {}

  /** The same set for so many zones. */
  static byte[] same(byte set, int count) {
    byte[] sets = new byte[count];
    Arrays.fill(sets, set);
    return sets;
  }

  /** The set of one of {@link Truth}'s values. */
  static byte only(byte truth) {
    return switch (truth) {
      case Truth.FALSE -> FALSE;
      case Truth.TRUE -> TRUE;
      default -> UNKNOWN;
    };
  }

  private static int when(boolean isPossible, int truth) {
    return isPossible ? truth : 0;
  }

  private static boolean has(int set, int truth) {
    return (set & truth) != 0;
  }

  static void and(byte[] into, byte[] other) {
    for (int i = 0; i < into.length; i++) {
      int left = into[i];
      int right = other[i];
      boolean neitherFails = has(left, TRUE | UNKNOWN) && has(right, TRUE | UNKNOWN);
      into[i] =
          (byte)
              ((left & right & TRUE)
                  | ((left | right) & FALSE)
                  | when(neitherFails, (left | right) & UNKNOWN));
    }
  }

  static void or(byte[] into, byte[] other) {
    for (int i = 0; i < into.length; i++) {
      int left = into[i];
      int right = other[i];
      boolean neitherHolds = has(left, FALSE | UNKNOWN) && has(right, FALSE | UNKNOWN);
      into[i] =
          (byte)
              (((left | right) & TRUE)
                  | (left & right & FALSE)
                  | when(neitherHolds, (left | right) & UNKNOWN));
    }
  }

  static void not(byte[] sets) {
    for (int i = 0; i < sets.length; i++) {
      int set = sets[i];
      sets[i] =
          (byte) ((set & UNKNOWN) | when(has(set, FALSE), TRUE) | when(has(set, TRUE), FALSE));
    }
  }

  static void isUnknown(byte[] sets) {
    for (int i = 0; i < sets.length; i++) {
      int set = sets[i];
      sets[i] = (byte) (when(has(set, UNKNOWN), TRUE) | when(has(set, TRUE | FALSE), FALSE));
    }
  }

  /** Whether two conditions are both true or both false. */
  static void equal(byte[] into, byte[] other) {
    for (int i = 0; i < into.length; i++) {
      int left = into[i];
      int right = other[i];
      boolean alike = has(left & right, TRUE | FALSE);
      boolean apart =
          (has(left, TRUE) && has(right, FALSE)) || (has(left, FALSE) && has(right, TRUE));
      into[i] = (byte) (when(alike, TRUE) | when(apart, FALSE) | ((left | right) & UNKNOWN));
    }
  }

  private static byte of(boolean mayBeTrue, boolean mayBeFalse, int nulls) {
    return nulls < 0
        ? ANY
        : (byte) (when(mayBeTrue, TRUE) | when(mayBeFalse, FALSE) | when(nulls > 0, UNKNOWN));
  }

  /** Of being within a range. Bounds of no values touch none and are inside all. */
  static byte[] within(RealBounds bounds, Constant.Reals range) {
    byte[] sets = new byte[bounds.nulls().length];
    for (int i = 0; i < sets.length; i++) {
      double low = bounds.low()[i];
      double high = bounds.high()[i];
      boolean touches = low <= high && high >= range.low() && low <= range.high();
      boolean isInside = low > high || (low >= range.low() && high <= range.high());
      sets[i] = of(touches, !isInside, bounds.nulls()[i]);
    }
    return sets;
  }

  static byte[] within(IntegerBounds bounds, Constant.Longs range) {
    byte[] sets = new byte[bounds.nulls().length];
    for (int i = 0; i < sets.length; i++) {
      long low = bounds.low()[i];
      long high = bounds.high()[i];
      boolean touches = low <= high && high >= range.low() && low <= range.high();
      boolean isInside = low > high || (low >= range.low() && high <= range.high());
      sets[i] = of(touches, !isInside, bounds.nulls()[i]);
    }
    return sets;
  }

  /**
   * Of being one of some numbers.
   *
   * @param sorted without NaN and -0
   */
  static byte[] among(RealBounds bounds, double[] sorted) {
    byte[] sets = new byte[bounds.nulls().length];
    for (int i = 0; i < sets.length; i++) {
      double low = bounds.low()[i];
      double high = bounds.high()[i];
      // Adding 0 makes -0 a 0.
      int found = Arrays.binarySearch(sorted, low + 0.0);
      int next = found < 0 ? -1 - found : found;
      boolean touches = next < sorted.length && sorted[next] <= high;
      boolean isOne = touches && low == high;
      sets[i] = of(touches, low <= high && !isOne, bounds.nulls()[i]);
    }
    return sets;
  }

  static byte[] among(IntegerBounds bounds, long[] sorted) {
    byte[] sets = new byte[bounds.nulls().length];
    for (int i = 0; i < sets.length; i++) {
      long low = bounds.low()[i];
      long high = bounds.high()[i];
      int found = Arrays.binarySearch(sorted, low);
      int next = found < 0 ? -1 - found : found;
      boolean touches = next < sorted.length && sorted[next] <= high;
      boolean isOne = touches && low == high;
      sets[i] = of(touches, low <= high && !isOne, bounds.nulls()[i]);
    }
    return sets;
  }

  /** Of having no value. */
  static byte[] isNull(RealBounds bounds) {
    byte[] sets = new byte[bounds.nulls().length];
    for (int i = 0; i < sets.length; i++) {
      int nulls = bounds.nulls()[i];
      sets[i] = of(nulls > 0, bounds.low()[i] <= bounds.high()[i], Math.min(nulls, 0));
    }
    return sets;
  }

  static byte[] isNull(IntegerBounds bounds) {
    byte[] sets = new byte[bounds.nulls().length];
    for (int i = 0; i < sets.length; i++) {
      int nulls = bounds.nulls()[i];
      sets[i] = of(nulls > 0, bounds.low()[i] <= bounds.high()[i], Math.min(nulls, 0));
    }
    return sets;
  }

  /** Of being a number that is neither infinite nor missing. */
  static byte[] isFinite(RealBounds bounds) {
    byte[] sets = new byte[bounds.nulls().length];
    for (int i = 0; i < sets.length; i++) {
      double low = bounds.low()[i];
      double high = bounds.high()[i];
      int nulls = bounds.nulls()[i];
      boolean hasInfinite = Double.isInfinite(low) || Double.isInfinite(high);
      sets[i] = of(low <= high, hasInfinite || nulls > 0, Math.min(nulls, 0));
    }
    return sets;
  }

  /** Of a column of logical values, which are 0 and 1. */
  static byte[] truths(IntegerBounds bounds) {
    byte[] sets = new byte[bounds.nulls().length];
    for (int i = 0; i < sets.length; i++) {
      sets[i] = of(bounds.high()[i] == 1, bounds.low()[i] == 0, bounds.nulls()[i]);
    }
    return sets;
  }
}
