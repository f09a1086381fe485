package org.torchfits.table;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.torchfits.zone.IntegerBounds;
import org.torchfits.zone.RealBounds;

/** Sets of truth values against what {@link Truth} makes of each of their members. */
class PossibleTest {
  private static final byte[] TRUTHS = {Truth.FALSE, Truth.UNKNOWN, Truth.TRUE};

  private static List<Byte> members(int set) {
    List<Byte> members = new ArrayList<>();
    for (byte truth : TRUTHS) {
      if ((set & Possible.only(truth)) != 0) {
        members.add(truth);
      }
    }
    return members;
  }

  private interface Joined {
    void apply(byte[] into, byte[] other, int n);
  }

  private static void requireSame(BiConsumer<byte[], byte[]> sets, Joined truths) {
    for (int left = 1; left <= Possible.ANY; left++) {
      for (int right = 1; right <= Possible.ANY; right++) {
        byte[] set = {(byte) left};
        sets.accept(set, new byte[] {(byte) right});
        int expected = 0;
        for (byte first : members(left)) {
          for (byte second : members(right)) {
            byte[] truth = {first};
            truths.apply(truth, new byte[] {second}, 1);
            expected |= Possible.only(truth[0]);
          }
        }
        assertEquals(expected, set[0], left + " and " + right);
      }
    }
  }

  private static void requireSame(UnaryOperator<byte[]> sets, UnaryOperator<byte[]> truths) {
    for (int set = 1; set <= Possible.ANY; set++) {
      int expected = 0;
      for (byte member : members(set)) {
        expected |= Possible.only(truths.apply(new byte[] {member})[0]);
      }
      assertEquals(expected, sets.apply(new byte[] {(byte) set})[0], "of " + set);
    }
  }

  @Test
  void and_allSets_isThatOfTheirMembers() {
    requireSame(Possible::and, Truth::and);
  }

  @Test
  void or_allSets_isThatOfTheirMembers() {
    requireSame(Possible::or, Truth::or);
  }

  @Test
  void equal_allSets_isThatOfTheirMembers() {
    requireSame(Possible::equal, Truth::equal);
  }

  @Test
  void not_allSets_isThatOfTheirMembers() {
    requireSame(
        set -> {
          Possible.not(set);
          return set;
        },
        truth -> {
          Truth.not(truth, 1);
          return truth;
        });
  }

  @Test
  void isUnknown_allSets_isThatOfTheirMembers() {
    requireSame(
        set -> {
          Possible.isUnknown(set);
          return set;
        },
        truth -> {
          Truth.isUnknown(truth, 1);
          return truth;
        });
  }

  /** Unknown; no values; nulls as well; within; apart; touching; the empty range. */
  @Test
  void within_bounds_areWhatTheyMayBe() {
    double inf = Double.POSITIVE_INFINITY;
    RealBounds bounds =
        new RealBounds(
            new double[] {0, inf, 2, 2, 5, 3, -inf},
            new double[] {0, -inf, 3, 3, 6, 9, inf},
            new int[] {-1, 9, 1, 0, 0, 0, 0});
    byte[] expected = {7, 4, 5, 1, 2, 3, 3};
    assertArrayEquals(expected, Possible.within(bounds, new Constant.Reals(1, 4)));
    byte[] none = {7, 4, 6, 2, 2, 2, 3};
    assertArrayEquals(none, Possible.within(bounds, new Constant.Reals(inf, -inf)));
  }

  @Test
  void among_bounds_areWhatTheyMayBe() {
    IntegerBounds bounds =
        new IntegerBounds(
            new long[] {0, Long.MAX_VALUE, 4, 3, 3, Long.MIN_VALUE},
            new long[] {0, Long.MIN_VALUE, 6, 3, 7, Long.MAX_VALUE},
            new int[] {-1, 9, 0, 0, 2, 0});
    byte[] expected = {7, 4, 2, 1, 7, 3};
    assertArrayEquals(expected, Possible.among(bounds, new long[] {1, 3, 7}));
    byte[] none = {7, 4, 2, 2, 6, 2};
    assertArrayEquals(none, Possible.among(bounds, new long[0]));
  }

  @Test
  void among_zeros_areEqual() {
    RealBounds bounds =
        new RealBounds(new double[] {-0.0, 0.0}, new double[] {-0.0, 0.0}, new int[] {0, 0});
    assertArrayEquals(
        new byte[] {Possible.TRUE, Possible.TRUE}, Possible.among(bounds, new double[] {0.0}));
  }
}
