package org.torchfits.table;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A number that is the same for all rows, kept exactly: an integer stays one, whatever its size.
 *
 * @param real the nearest real number; NaN stands for null
 * @param whole the integer, if it is one that was not written or computed as a real number
 */
record Constant(double real, @Nullable BigInteger whole) {
  private static final int MOST_BITS = 256;

  /** Beyond all columns. */
  private static final BigInteger INFINITY = BigInteger.ONE.shiftLeft(MOST_BITS);

  private static final BigInteger UNSIGNED_BIAS = BigInteger.ONE.shiftLeft(63);

  static Constant of(double real) {
    return new Constant(real, null);
  }

  static Constant of(BigInteger whole) {
    return new Constant(whole.doubleValue(), whole.bitLength() < MOST_BITS ? whole : null);
  }

  boolean isNull() {
    return Double.isNaN(real);
  }

  /** The integer as a column of 64 bits has it; empty if it is none, or beyond 64 bits. */
  OptionalLong asLong() {
    return whole == null || whole.bitLength() > 63
        ? OptionalLong.empty()
        : OptionalLong.of(whole.longValue());
  }

  /** Compares exactly; neither is null. */
  int compareTo(Constant other) {
    if (whole != null && other.whole != null) {
      return whole.compareTo(other.whole);
    }
    return Double.isInfinite(real) || Double.isInfinite(other.real)
        ? Double.compare(real, other.real)
        : decimal().compareTo(other.decimal());
  }

  private BigDecimal decimal() {
    return whole != null ? new BigDecimal(whole) : new BigDecimal(real);
  }

  /** Real numbers from low to high; none if low is greater. */
  record Reals(double low, double high) {
    private static final Reals NONE = new Reals(Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);

    Reals and(Reals other) {
      double from = Math.max(low, other.low);
      double to = Math.min(high, other.high);
      return from <= to ? new Reals(from, to) : NONE;
    }
  }

  /**
   * The real numbers that stand in a relation to this constant, which is not null. A bound that
   * they do not hold moves to the next one that they do.
   *
   * @param relation all but NOT_EQUAL
   */
  Reals reals(Relation relation) {
    double low = Double.NEGATIVE_INFINITY;
    double high = Double.POSITIVE_INFINITY;
    if (!relation.holdsBelow()) {
      low = relation.holdsAtEqual() ? atLeast() : -negated().below();
    }
    if (!relation.holdsAbove()) {
      high = relation.holdsAtEqual() ? -negated().atLeast() : below();
    }
    return low <= high ? new Reals(low, high) : Reals.NONE;
  }

  Constant negated() {
    return new Constant(-real, whole == null ? null : whole.negate());
  }

  /** The lowest real number that is not less than this. */
  private double atLeast() {
    boolean isLess = compareTo(of(real)) > 0;
    return isLess ? Math.nextUp(real) : real;
  }

  /** The highest real number that is less than this; NaN if there is none. */
  private double below() {
    if (real == Double.NEGATIVE_INFINITY) {
      return Double.NaN;
    }
    boolean isLess = compareTo(of(real)) > 0;
    return isLess ? real : Math.nextDown(real);
  }

  /** Integers from low to high. */
  record Longs(long low, long high) {
    Optional<Longs> and(Longs other) {
      long from = Math.max(low, other.low);
      long to = Math.min(high, other.high);
      return from <= to ? Optional.of(new Longs(from, to)) : Optional.empty();
    }
  }

  /**
   * The integers of 64 bits that stand in a relation to this constant, which is not null; empty if
   * there are none.
   *
   * @param relation all but NOT_EQUAL
   * @param unsigned whether they are unsigned ones, less by 2^63 as {@link Integers} has them
   */
  Optional<Longs> longs(Relation relation, boolean unsigned) {
    BigInteger bias = unsigned ? UNSIGNED_BIAS : BigInteger.ZERO;
    BigInteger low = BigInteger.valueOf(Long.MIN_VALUE);
    BigInteger high = BigInteger.valueOf(Long.MAX_VALUE);
    if (!relation.holdsBelow()) {
      low = low.max(lowest(relation.holdsAtEqual()).subtract(bias));
    }
    if (!relation.holdsAbove()) {
      high = high.min(negated().lowest(relation.holdsAtEqual()).negate().subtract(bias));
    }
    return low.compareTo(high) <= 0
        ? Optional.of(new Longs(low.longValueExact(), high.longValueExact()))
        : Optional.empty();
  }

  /** The lowest integer that is greater than this, or equal to it where that counts. */
  private BigInteger lowest(boolean orEqual) {
    if (Double.isInfinite(real)) {
      return real > 0 ? INFINITY : INFINITY.negate();
    }
    BigInteger floor = decimal().setScale(0, RoundingMode.FLOOR).toBigInteger();
    boolean isThis = decimal().compareTo(new BigDecimal(floor)) == 0;
    return orEqual && isThis ? floor : floor.add(BigInteger.ONE);
  }
}
