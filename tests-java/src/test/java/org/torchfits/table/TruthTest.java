package org.torchfits.table;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Against the tables of Kleene's logic. */
class TruthTest {
  private static final byte F = Truth.FALSE;
  private static final byte U = Truth.UNKNOWN;
  private static final byte T = Truth.TRUE;
  private static final byte[] LEFT = {F, F, F, U, U, U, T, T, T};
  private static final byte[] RIGHT = {F, U, T, F, U, T, F, U, T};

  @Test
  void and_allPairs_areTheLesser() {
    byte[] result = LEFT.clone();
    Truth.and(result, RIGHT, 9);
    assertArrayEquals(new byte[] {F, F, F, F, U, U, F, U, T}, result);
  }

  @Test
  void or_allPairs_areTheGreater() {
    byte[] result = LEFT.clone();
    Truth.or(result, RIGHT, 9);
    assertArrayEquals(new byte[] {F, U, T, U, U, T, T, T, T}, result);
  }

  @Test
  void equal_allPairs_areUnknownWhereOneIs() {
    byte[] result = LEFT.clone();
    Truth.equal(result, RIGHT, 9);
    assertArrayEquals(new byte[] {T, U, F, U, U, U, F, U, T}, result);
  }

  @Test
  void not_all_leavesTheUnknown() {
    byte[] result = {F, U, T, F};
    Truth.not(result, 3);
    assertArrayEquals(new byte[] {T, U, F, F}, result);
  }

  @Test
  void isUnknown_all_isNeverUnknown() {
    byte[] result = {F, U, T};
    Truth.isUnknown(result, 3);
    assertArrayEquals(new byte[] {F, T, F}, result);
  }

  @Test
  void any_some_lookAtThoseAlone() {
    assertEquals(false, Truth.anyPossible(new byte[] {F, F, T}, 2));
    assertEquals(true, Truth.anyPossible(new byte[] {F, U}, 2));
    assertEquals(false, Truth.anyDoubtful(new byte[] {T, T, F}, 2));
    assertEquals(true, Truth.anyDoubtful(new byte[] {T, U}, 2));
  }
}
