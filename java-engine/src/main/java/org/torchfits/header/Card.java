package org.torchfits.header;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * The fields of one 80-byte card where it stands among others (FITS 4.0, section 4.1).
 *
 * <p>In an array of the heap: what is looked at byte by byte is fast there before it is compiled
 * too.
 */
final class Card {
  static final int BYTES = 80;

  private static final int KEYWORD_BYTES = 8;
  private static final int VALUE_OFFSET = 10;

  private Card() {}

  /** A keyword as {@link #keyword} gives it. */
  static long key(String keyword) {
    return keyword((keyword + " ".repeat(KEYWORD_BYTES)).getBytes(ISO_8859_1), 0);
  }

  /** The eight bytes of the keyword as one number. */
  static long keyword(byte[] cards, int offset) {
    long key = 0;
    for (int i = offset; i < offset + KEYWORD_BYTES; i++) {
      key = key << 8 | (cards[i] & 0xFF);
    }
    return key;
  }

  static boolean hasValue(byte[] cards, int offset) {
    return cards[offset + 8] == '=' && cards[offset + 9] == ' ';
  }

  /** What stands between the value indicator and the comment, without blanks around it. */
  static String value(byte[] cards, int offset) {
    int start = offset + VALUE_OFFSET;
    int end = offset + BYTES;
    while (start < end && isBlank(cards[start])) {
      start++;
    }
    if (start < end && cards[start] != '\'') {
      end = indexOfComment(cards, start, end);
    }
    while (start < end && isBlank(cards[end - 1])) {
      end--;
    }
    return new String(cards, start, end - start, ISO_8859_1);
  }

  private static int indexOfComment(byte[] cards, int start, int end) {
    int at = start;
    while (at < end && cards[at] != '/') {
      at++;
    }
    return at;
  }

  /** Whether a byte is one of those that {@link Character#isWhitespace(int)} names. */
  private static boolean isBlank(byte character) {
    return character == ' '
        || (character >= 9 && character <= 13)
        || (character >= 28 && character <= 31);
  }

  /**
   * The text of a string value: quotes taken off, doubled ones made one, trailing blanks dropped.
   */
  static String string(String value) {
    StringBuilder text = new StringBuilder();
    for (int i = 1; i < value.length(); i++) {
      if (value.charAt(i) == '\'') {
        i++;
        if (i >= value.length() || value.charAt(i) != '\'') {
          break;
        }
      }
      text.append(value.charAt(i));
    }
    return text.toString().stripTrailing();
  }

  static OptionalLong integer(String value) {
    try {
      return OptionalLong.of(Long.parseLong(value));
    } catch (NumberFormatException notAnInteger) {
      return OptionalLong.empty();
    }
  }

  /** A real number; the exponent may be written with a D (section 4.2.4). */
  static OptionalDouble real(String value) {
    if (!value.matches("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eEdD][-+]?\\d+)?")) {
      return OptionalDouble.empty();
    }
    return OptionalDouble.of(Double.parseDouble(value.replace('d', 'e').replace('D', 'E')));
  }
}
