package org.torchfits.header;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** The fields of one 80-byte card where it stands in the file's bytes (FITS 4.0, section 4.1). */
final class Card {
  static final int BYTES = 80;

  private static final ValueLayout.OfLong KEYWORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final int VALUE_OFFSET = 10;

  private Card() {}

  /** A keyword as {@link #keyword} gives it. */
  static long key(String keyword) {
    return MemorySegment.ofArray((keyword + " ".repeat(8)).substring(0, 8).getBytes(ISO_8859_1))
        .get(KEYWORD, 0);
  }

  /** The eight bytes of the keyword as one number. */
  static long keyword(MemorySegment cards, long offset) {
    return cards.get(KEYWORD, offset);
  }

  static boolean hasValue(MemorySegment cards, long offset) {
    return cards.get(JAVA_BYTE, offset + 8) == '=' && cards.get(JAVA_BYTE, offset + 9) == ' ';
  }

  /** What stands between the value indicator and the comment, without blanks around it. */
  static String value(MemorySegment cards, long offset) {
    String field = text(cards, offset + VALUE_OFFSET, BYTES - VALUE_OFFSET).strip();
    if (field.startsWith("'")) {
      return field;
    }
    int comment = field.indexOf('/');
    return comment < 0 ? field : field.substring(0, comment).strip();
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

  static String text(MemorySegment bytes, long offset, long count) {
    return new String(bytes.asSlice(offset, count).toArray(JAVA_BYTE), ISO_8859_1);
  }
}
