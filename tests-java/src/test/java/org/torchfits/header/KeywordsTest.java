package org.torchfits.header;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

class KeywordsTest {
  private static Keywords keywords(String... cards) {
    String text = List.of(cards).stream().map("%-80s"::formatted).collect(Collectors.joining());
    return new Keywords("a.fits[1]", text + "%-80s".formatted("END"));
  }

  @Test
  void values_ofEachType_areRead() {
    Keywords header =
        keywords("A       =  5 / five", "B       = 'it''s   '", "C       = 2.5D1", "COMMENT = 7");
    assertTrue(header.has("A"));
    assertEquals(5, header.integer("A", 0, 5));
    assertEquals("it's", header.string("B"));
    assertEquals(25, header.real("C", 0));
  }

  @Test
  void values_absent_areTheDefaults() {
    Keywords header = keywords("A       =  5");
    assertNull(header.string("B"));
    assertEquals(7, header.integer("B", 7, 0, 1));
    assertEquals(0.5, header.real("B", 0.5));
    assertEquals(5, header.integer("A", 7, 0, 9));
  }

  @Test
  void integer_twice_isTheFirst() {
    assertEquals(1, keywords("A       = 1", "A       = 2").integer("A", 0, 9));
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      value = {"-1", "10", "x", "'5'", "1.5", "99999999999999999999", "''"})
  void integer_notValid_isBadHeader(String value) {
    Keywords header = keywords("A       = " + value);
    FitsException failure = assertThrows(FitsException.class, () -> header.integer("A", 3, 0, 9));
    assertEquals(ErrorKind.BAD_HEADER, failure.kind());
    assertEquals("a.fits[1]: A = " + value + " is not a valid value", failure.getMessage());
  }

  @Test
  void integer_missing_isBadHeader() {
    FitsException failure =
        assertThrows(FitsException.class, () -> keywords().integer("ABC", 0, 9));
    assertEquals("a.fits[1]: ABC is missing", failure.getMessage());
  }

  @Test
  void others_notValid_areBadHeader() {
    Keywords header = keywords("A       = T");
    assertThrows(FitsException.class, () -> header.string("A"));
    assertThrows(FitsException.class, () -> header.real("A", 1));
  }
}
