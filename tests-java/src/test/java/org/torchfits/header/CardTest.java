package org.torchfits.header;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CardTest {
  private static byte[] card(String text) {
    return "%-80s".formatted(text).getBytes(ISO_8859_1);
  }

  private static String value(String text) {
    return Card.value(card(text), 0);
  }

  @Test
  void keyword_ofCard_isKeyOfItsName() {
    assertEquals(Card.key("NAXIS1"), Card.keyword(card("NAXIS1  =                    5"), 0));
    assertEquals(Card.key("EXTENDED"), Card.keyword(card("EXTENDED= T"), 0));
  }

  @Test
  void accessors_secondCard_areItsOwn() {
    byte[] cards = card("%-80s%-80s".formatted("A       = 1", "B       = 2"));
    assertEquals(Card.key("B"), Card.keyword(cards, 80));
    assertEquals("2", Card.value(cards, 80));
  }

  @Test
  void keyword_otherCase_isAnother() {
    assertNotEquals(Card.key("NAXIS"), Card.keyword(card("naxis   = 1"), 0));
  }

  @Test
  void hasValue_equalsAndBlank_isTrue() {
    assertTrue(Card.hasValue(card("NAXIS   = 1"), 0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"COMMENT no value", "NAXIS   =1", "NAXIS  = 1", "NAXIS"})
  void hasValue_noIndicator_isFalse(String text) {
    assertFalse(Card.hasValue(card(text), 0));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "NAXIS   =                    2 / axes, 2",
        "NAXIS   = 2/axes, 2",
        "NAXIS   =                                                                      2, 2",
        "SIMPLE  =                    T, T",
        "BSCALE  =  1.5E+03 / a / b, 1.5E+03",
        "BLANK   =, \"\"",
        "BLANK   =    / undefined, \"\"",
      })
  void value_noString_endsBeforeComment(String text, String expected) {
    assertEquals(expected, value(text));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {
        "'SCI     '           / name, SCI",
        "'a/b', a/b",
        "'it''s' / '', it's",
        "'''quoted''', 'quoted'",
        "'''', '",
        "'', \"\"",
        "'        ', \"\"",
        "'  lead', \"  lead\"",
        "'two  words  ', two  words",
        "'no end, no end",
        "'a'b', a",
      })
  void string_asFileHasIt_isItsText(String field, String expected) {
    assertEquals(expected, Card.string(value("EXTNAME = " + field)));
  }

  @Test
  void string_wholeCard_isItsText() {
    String text = "x".repeat(68);
    assertEquals(text, Card.string(value("EXTNAME = '" + text + "'")));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "-32, -32",
    "+16, 16",
    "0000000000000000007, 7",
    "9223372036854775807, 9223372036854775807",
    "-9223372036854775808, -9223372036854775808"
  })
  void integer_digits_areNumber(String text, long expected) {
    assertEquals(OptionalLong.of(expected), Card.integer(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "T",
        "1.0",
        "1e3",
        "- 1",
        "1 2",
        "0x10",
        "9223372036854775808",
        "'1'",
        "\u00b2"
      })
  void integer_anythingElse_isNone(String text) {
    assertEquals(OptionalLong.empty(), Card.integer(text));
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "1., 1",
    ".5, 0.5",
    "-.5, -0.5",
    "+2.5, 2.5",
    "1.5E3, 1500",
    "1.5e-3, 0.0015",
    "1.5D3, 1500",
    "1.5d+03, 1500",
    "2D0, 2",
    "32768, 32768",
    "1E400, Infinity",
    "1D-400, 0"
  })
  void real_anyExponentLetter_isNumber(String text, double expected) {
    assertEquals(OptionalDouble.of(expected), Card.real(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", ".", "E5", "1E", "NaN", "Infinity", "1f", "0x1p3", "1 5", "1,5", "'1'", "T"})
  void real_anythingElse_isNone(String text) {
    assertEquals(OptionalDouble.empty(), Card.real(text));
  }
}
