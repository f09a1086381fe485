package org.torchfits.table;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LikePatternTest {
  private static boolean matches(LikePattern pattern, String text) {
    byte[] bytes = ("##" + text + "##").getBytes(ISO_8859_1);
    return pattern.matches(bytes, 2, 2 + text.length());
  }

  /** What SQLite 3.40 answers, with a backslash to escape. */
  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '"',
      textBlock =
          """
          M31, M31, true
          M31, M310, false
          M%, M31, true
          M%, NGC, false
          %1, M31, true
          M%1, M1, true
          M%1, M, false
          %3%, M31, true
          _31, M31, true
          _31, 31, false
          %, "", true
          "", "", true
          "", a, false
          _, "", false
          %a%b%, xaxbx, true
          %a%b%, xbxax, false
          a%a, a, false
          a%a, aa, true
          %ab_%, xaabb, true
          %_%_%, a, false
          100\\%, 100%, true
          100\\%, 1000, false
          a\\_b, a_b, true
          a\\_b, axb, false
          a\\\\b, a\\b, true
          %%%a, bca, true
          %ab%ab, ab, false
          """)
  void like_pattern_matchesAsInSql(String pattern, String text, boolean expected) {
    assertEquals(expected, matches(LikePattern.of(pattern.getBytes(ISO_8859_1)), text));
  }

  @Test
  void like_manyWildcards_endSoon() {
    LikePattern pattern = LikePattern.of("%a".repeat(2_000).getBytes(ISO_8859_1));
    assertEquals(false, matches(pattern, "a".repeat(1_999) + "b"));
    assertEquals(true, matches(pattern, "a".repeat(2_000)));
  }

  @Test
  void affixes_symbolsOfPatterns_areOrdinaryBytes() {
    byte[] text = "_%".getBytes(ISO_8859_1);
    assertEquals(true, matches(LikePattern.prefix(text), "_%a"));
    assertEquals(false, matches(LikePattern.prefix(text), "aba"));
    assertEquals(true, matches(LikePattern.suffix(text), "a_%"));
    assertEquals(true, matches(LikePattern.infix(text), "a_%b"));
    assertEquals(false, matches(LikePattern.infix(text), "ab"));
  }
}
