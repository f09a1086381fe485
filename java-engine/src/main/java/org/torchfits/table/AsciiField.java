package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.lang.foreign.MemorySegment;

/** The number of a column in a row of an ASCII table. Blanks and TNULLn stand for none. */
final class AsciiField {
  private final AsciiForm form;
  private final byte[] nullText;

  AsciiField(Column column) {
    this.form = (AsciiForm) column.form();
    String text = column.nullText();
    this.nullText = text == null ? new byte[0] : text.strip().getBytes(ISO_8859_1);
  }

  /** Whether a field has no value. */
  boolean isNull(MemorySegment bytes, long from) {
    long begin = from;
    long end = from + form.width();
    while (begin < end && bytes.get(JAVA_BYTE, begin) == ' ') {
      begin++;
    }
    while (end > begin && bytes.get(JAVA_BYTE, end - 1) == ' ') {
      end--;
    }
    return begin == end || isNullText(bytes, begin, end);
  }

  private boolean isNullText(MemorySegment bytes, long begin, long end) {
    if (end - begin != nullText.length) {
      return false;
    }
    for (int i = 0; i < nullText.length; i++) {
      if (bytes.get(JAVA_BYTE, begin + i) != nullText[i]) {
        return false;
      }
    }
    return true;
  }

  /**
   * An integer; 0 if there is none.
   *
   * @throws NumberFormatException if the field holds something else, or what a long does not hold
   */
  long integer(MemorySegment bytes, long from) {
    return isNull(bytes, from) ? 0 : AsciiNumber.integer(bytes, from, form.width());
  }

  /**
   * A real number that is not yet scaled; NaN if there is none.
   *
   * @throws NumberFormatException if the field holds something else
   */
  double real(MemorySegment bytes, long from) {
    if (isNull(bytes, from)) {
      return Double.NaN;
    }
    return form.letter() == 'I'
        ? AsciiNumber.integer(bytes, from, form.width())
        : AsciiNumber.real(bytes, from, form.width(), form.decimals());
  }

  /** Why a field is an error. */
  String problem(MemorySegment bytes, long from) {
    return "'" + AsciiNumber.text(bytes, from, from + form.width()) + "' is not a number";
  }
}
