package org.torchfits.header;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class HduSelectorTest {
  private static Hdu hdu(int index, String name, int version) {
    return new Hdu(
        index, HduKind.IMAGE, 0, 80, 2880, 4, 8, new long[] {4}, name, version, 1, 0, null, null);
  }

  private static Hdu hdu(HduKind kind, long... axes) {
    return new Hdu(1, kind, 0, 80, 2880, 4, 8, axes, "", 1, 1, 0, null, null);
  }

  private static HduSelector named(@Nullable String name, int version) {
    return new HduSelector(HduSelector.BY_NAME, name, version);
  }

  @Test
  void matches_number_isThatHdu() {
    assertTrue(new HduSelector(2, null, 0).matches(hdu(2, "SCI", 1)));
    assertFalse(new HduSelector(2, null, 0).matches(hdu(3, "SCI", 1)));
  }

  @ParameterizedTest
  @CsvSource({"SCI, SCI", "sci, SCI", "SCI, sci", "' SCI ', SCI", "SCI, 'SCI  '"})
  void matches_nameInAnyCase_isThatHdu(String wanted, String actual) {
    assertTrue(named(wanted, 0).matches(hdu(1, actual, 1)));
  }

  @Test
  void matches_firstData_isAnImageOrATable() {
    HduSelector first = new HduSelector(HduSelector.FIRST_DATA, null, 0);
    assertTrue(first.matches(hdu(HduKind.IMAGE, 4)));
    assertTrue(first.matches(hdu(HduKind.ASCII_TABLE, 8, 0)));
    assertFalse(first.matches(hdu(HduKind.IMAGE)));
    assertFalse(first.matches(hdu(HduKind.OTHER, 4)));
  }

  @Test
  void matches_otherName_isNot() {
    assertFalse(named("SCI", 0).matches(hdu(1, "SCI2", 1)));
    assertFalse(named("SCI", 0).matches(hdu(1, "", 1)));
  }

  @ParameterizedTest
  @CsvSource({"0, true", "2, true", "1, false"})
  void matches_version_isComparedUnlessZero(int version, boolean expected) {
    assertEquals(expected, named("SCI", version).matches(hdu(1, "SCI", 2)));
  }

  @ParameterizedTest
  @CsvSource({"0, ''", "0, SCI"})
  void matches_primary_isFirstHduWhateverItsName(int index, String name) {
    assertTrue(named("primary", 0).matches(hdu(index, name, 1)));
  }

  @Test
  void matches_primary_isNoLaterHduWithoutName() {
    assertFalse(named("PRIMARY", 0).matches(hdu(1, "", 1)));
  }

  @ParameterizedTest
  @EnumSource
  void matches_firstImage_isImageWithAxes(HduKind kind) {
    HduSelector selector = new HduSelector(HduSelector.FIRST_IMAGE, null, 0);
    boolean isImage =
        switch (kind) {
          case IMAGE, COMPRESSED_IMAGE, RANDOM_GROUPS -> true;
          case BINARY_TABLE, ASCII_TABLE, OTHER -> false;
        };
    assertEquals(isImage, selector.matches(hdu(kind, 3, 4)));
    assertFalse(selector.matches(hdu(kind)));
  }

  @Test
  void toString_eachKind_saysWhatWasWanted() {
    assertEquals("HDU 3", new HduSelector(3, null, 0).toString());
    assertEquals("HDU 'SCI'", named("SCI", 0).toString());
    assertEquals("HDU 'SCI' version 2", named("SCI", 2).toString());
    assertEquals("HDU with an image", new HduSelector(HduSelector.FIRST_IMAGE, null, 0).toString());
  }
}
