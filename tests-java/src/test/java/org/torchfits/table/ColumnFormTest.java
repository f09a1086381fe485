package org.torchfits.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ColumnFormTest {
  private static ColumnForm parse(String text) {
    return Objects.requireNonNull(ColumnForm.parse(text));
  }

  @ParameterizedTest
  @CsvSource({
    "L,1",
    "1X,1",
    "8X,1",
    "9X,2",
    "0X,0",
    "B,1",
    "3I,6",
    "J,4",
    "2K,16",
    "12A,12",
    "A,1",
    "E,4",
    "d,8",
    "C,8",
    "2M,32",
    "PE(3),8",
    "1QD(12),16",
    "0PJ,0",
    "'   4I',8",
    "1E15.7,4",
    "0A,0",
  })
  void bytes_ofEachLetter_areThoseOfTheStandard(String text, long bytes) {
    assertEquals(bytes, parse(text).bytes());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "Y",
        "1",
        "-1J",
        "1.5E",
        "J J",
        "P",
        "PZ",
        "Q(3)",
        "PP(3)",
        "2PE(3)",
        "1 J",
        "9999999999999999999J",
      })
  void parse_nonsense_isNull(String text) {
    assertNull(ColumnForm.parse(text));
  }

  @Test
  void parse_descriptor_tellsLetterOfTheHeap() {
    ColumnForm form = parse("1QC(7)");
    assertTrue(form.isDescriptor());
    assertEquals('C', form.letter());
    assertEquals('Q', form.descriptor());
    assertEquals(40, form.storedBytes(5));
    assertFalse(parse("C").isDescriptor());
  }

  @ParameterizedTest
  @CsvSource({"12A3,3", "12A,0", "12A5,0", "12A0,0", "12A13,0", "4A:SSTR4,0", "3J3,0"})
  void width_option_isTakenIfItDividesTheField(String text, long width) {
    assertEquals(width, parse(text).width());
  }

  @Test
  void bytes_overflow_isAnArithmeticException() {
    assertThrows(ArithmeticException.class, parse("999999999999999999M")::bytes);
  }

  @ParameterizedTest
  @CsvSource({
    "A10,A,10,0",
    "I6,I,6,0",
    "F8.3,F,8,3",
    "e15.7,E,15,7",
    "D25.17,D,25,17",
    "I,I,1,0",
    "'  F5.',F,5,0"
  })
  void asciiForm_ofEachLetter_isParsed(String text, char letter, int width, int decimals) {
    AsciiForm form = Objects.requireNonNull(AsciiForm.parse(text));
    assertEquals(letter, form.letter());
    assertEquals(width, form.bytes());
    assertEquals(decimals, form.decimals());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10A", "J8", "F8.3.1", "I-4", "I 4", "X8", "F99999999999.1"})
  void asciiForm_nonsense_isNull(String text) {
    assertNull(AsciiForm.parse(text));
  }
}
