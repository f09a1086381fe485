package org.torchfits.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConstantTest {
  private static final double[] REALS = {
    Double.NEGATIVE_INFINITY,
    -Double.MAX_VALUE,
    -0x1p63,
    -0x1p53,
    -1.5,
    -1,
    -Double.MIN_VALUE,
    0,
    Double.MIN_VALUE,
    0.1,
    1,
    2.5,
    0x1p53,
    0x1.fffffffffffffp62,
    0x1p63,
    0x1p64,
    1e300,
    Double.MAX_VALUE,
    Double.POSITIVE_INFINITY
  };

  private static final long[] LONGS = {
    Long.MIN_VALUE,
    Long.MIN_VALUE + 1,
    -(1L << 53) - 1,
    -2,
    -1,
    0,
    1,
    2,
    3,
    (1L << 53) + 1,
    Long.MAX_VALUE - 1,
    Long.MAX_VALUE
  };

  private static Constant whole(String digits) {
    return Constant.of(new BigInteger(digits));
  }

  private static boolean holds(Relation relation, int order) {
    if (order == 0) {
      return relation.holdsAtEqual();
    }
    return order < 0 ? relation.holdsBelow() : relation.holdsAbove();
  }

  private static int compare(double value, String constant) {
    if (Double.isInfinite(value)) {
      return value > 0 ? 1 : -1;
    }
    return new BigDecimal(value).compareTo(new BigDecimal(constant));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0",
        "1",
        "-1",
        "9007199254740993",
        "-9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616"
      })
  void ranges_whole_holdWhatIsInRelation(String digits) {
    for (Relation relation : Relation.values()) {
      if (relation == Relation.NOT_EQUAL) {
        continue;
      }
      Constant.Reals reals = whole(digits).reals(relation);
      for (double value : REALS) {
        boolean within = value >= reals.low() && value <= reals.high();
        assertEquals(holds(relation, compare(value, digits)), within, value + " " + relation);
      }
      requireLongs(whole(digits), relation, new BigDecimal(digits));
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 0.5, -0.5, 1e300, -1e300, 0x1p63, -0x1p63, 0x1p64, 2, -2})
  void ranges_real_holdWhatIsInRelation(double real) {
    for (Relation relation : Relation.values()) {
      if (relation == Relation.NOT_EQUAL) {
        continue;
      }
      Constant.Reals reals = Constant.of(real).reals(relation);
      for (double value : REALS) {
        boolean within = value >= reals.low() && value <= reals.high();
        int order = value < real ? -1 : value > real ? 1 : 0;
        assertEquals(holds(relation, order), within, value + " " + relation);
      }
      requireLongs(Constant.of(real), relation, new BigDecimal(real));
    }
  }

  private static void requireLongs(Constant constant, Relation relation, BigDecimal exact) {
    Optional<Constant.Longs> signed = constant.longs(relation, false);
    Optional<Constant.Longs> unsigned = constant.longs(relation, true);
    BigDecimal bias = new BigDecimal(BigInteger.ONE.shiftLeft(63));
    for (long value : LONGS) {
      BigDecimal number = BigDecimal.valueOf(value);
      boolean within = signed.filter(r -> value >= r.low() && value <= r.high()).isPresent();
      assertEquals(holds(relation, number.compareTo(exact)), within, value + " " + relation);
      boolean biased = unsigned.filter(r -> value >= r.low() && value <= r.high()).isPresent();
      assertEquals(holds(relation, number.add(bias).compareTo(exact)), biased);
    }
  }

  @Test
  void ranges_infinity_holdAllOrNone() {
    Constant infinity = Constant.of(Double.POSITIVE_INFINITY);
    assertTrue(infinity.longs(Relation.GREATER_OR_EQUAL, false).isEmpty());
    assertEquals(
        Optional.of(new Constant.Longs(Long.MIN_VALUE, Long.MAX_VALUE)),
        infinity.longs(Relation.LESS, false));
    assertEquals(Double.MAX_VALUE, infinity.reals(Relation.LESS).high());
    Constant.Reals none = infinity.reals(Relation.GREATER);
    assertTrue(none.low() > none.high());
  }
}
