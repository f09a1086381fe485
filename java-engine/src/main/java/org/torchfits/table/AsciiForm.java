package org.torchfits.table;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * TFORMn of an ASCII table: {@code Aw}, {@code Iw}, {@code Fw.d}, {@code Ew.d} or {@code Dw.d}
 * (FITS 4.0, section 7.2.5).
 *
 * @param text as it stands in the header
 * @param letter one of AIFED
 * @param width of the field in characters
 * @param decimals behind the point of a number that is written without one
 */
public record AsciiForm(String text, char letter, int width, int decimals) implements FieldForm {
  private static final Pattern TFORM = Pattern.compile("([AIFED])(\\d{0,9})(?:\\.(\\d{0,9}))?");

  /** The form that {@code text} describes; null if it describes none. */
  static @Nullable AsciiForm parse(String text) {
    Matcher match = TFORM.matcher(text.strip().toUpperCase(Locale.ROOT));
    if (!match.matches()) {
      return null;
    }
    int width = match.group(2).isEmpty() ? 1 : Integer.parseInt(match.group(2));
    String decimals = match.group(3);
    boolean none = decimals == null || decimals.isEmpty();
    return new AsciiForm(
        text, match.group(1).charAt(0), width, none ? 0 : Integer.parseInt(decimals));
  }

  @Override
  public long bytes() {
    return width;
  }
}
