package org.torchfits.table;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * TFORMn of a binary table: {@code rTa}, or {@code rPT(max)} and {@code rQT(max)} for arrays of
 * variable length (FITS 4.0, sections 7.3.1 and 7.3.5).
 *
 * @param text as it stands in the header
 * @param letter one of LXBIJKAEDCM: the type of the elements, in the row or in the heap
 * @param repeat number of elements in a row; of descriptors, 0 or 1
 * @param descriptor P or Q for arrays in the heap, else blank
 * @param width of {@code rAw} the characters of one string; 0 if there is none
 */
public record ColumnForm(String text, char letter, long repeat, char descriptor, long width)
    implements FieldForm {
  private static final Pattern TFORM =
      Pattern.compile("(\\d{0,18})(?:([PQ])([LXBIJKAEDCM])|([LXBIJKAEDCM]))([!-~]*)");
  private static final Pattern DIGITS = Pattern.compile("\\d{1,18}");

  /** The form that {@code text} describes; null if it describes none. */
  static @Nullable ColumnForm parse(String text) {
    Matcher match = TFORM.matcher(text.strip().toUpperCase(Locale.ROOT));
    if (!match.matches()) {
      return null;
    }
    long repeat = match.group(1).isEmpty() ? 1 : Long.parseLong(match.group(1));
    if (match.group(2) != null) {
      char descriptor = match.group(2).charAt(0);
      char letter = match.group(3).charAt(0);
      return repeat > 1 ? null : new ColumnForm(text, letter, repeat, descriptor, 0);
    }
    char letter = match.group(4).charAt(0);
    long width = letter == 'A' ? width(match.group(5), repeat) : 0;
    return new ColumnForm(text, letter, repeat, ' ', width);
  }

  /** A width that does not divide the field is none: what stands there is one string. */
  private static long width(String option, long repeat) {
    if (!DIGITS.matcher(option).matches()) {
      return 0;
    }
    long width = Long.parseLong(option);
    return width > 0 && width <= repeat && repeat % width == 0 ? width : 0;
  }

  /** Whether the row has the place of an array in the heap instead of the elements. */
  public boolean isDescriptor() {
    return descriptor != ' ';
  }

  /**
   * @throws ArithmeticException if they overflow a long
   */
  @Override
  public long bytes() {
    if (isDescriptor()) {
      return repeat * descriptorBytes();
    }
    return storedBytes(repeat);
  }

  /** Bytes of the descriptor in the row. */
  public int descriptorBytes() {
    return descriptor == 'P' ? 8 : 16;
  }

  /**
   * Bytes that so many elements take in the row or the heap.
   *
   * @throws ArithmeticException if they overflow a long
   */
  public long storedBytes(long elements) {
    return letter == 'X'
        ? Math.ceilDiv(elements, 8)
        : Math.multiplyExact(elements, (long) elementBytes());
  }

  /** Bytes of one stored element; of bits, those of eight. */
  public int elementBytes() {
    return switch (letter) {
      case 'I' -> 2;
      case 'J', 'E' -> 4;
      case 'K', 'D', 'C' -> 8;
      case 'M' -> 16;
      default -> 1;
    };
  }
}
