package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.lang.foreign.MemorySegment;

/**
 * A number as Fortran writes it: sign, digits with perhaps a point, and perhaps an exponent with E,
 * D or a sign alone (FITS 4.0, section 7.2.5). Blanks stand before and behind it.
 */
final class AsciiNumber {
  /** Up to 10^22 powers of ten are exact. */
  private static final double[] POWERS = new double[23];

  static {
    double power = 1;
    for (int i = 0; i < POWERS.length; i++) {
      POWERS[i] = power;
      power *= 10;
    }
  }

  /** Every number of so many digits is a long. */
  private static final int SAFE_DIGITS = 18;

  private static final long EXACT = 1L << 53;

  private final MemorySegment bytes;
  private final long end;
  private long at;

  private AsciiNumber(MemorySegment bytes, long offset, int width) {
    this.bytes = bytes;
    this.at = offset;
    this.end = offset + width;
  }

  /**
   * An integer; 0 for a field of blanks.
   *
   * @throws NumberFormatException if it is none, or none that a long holds
   */
  static long integer(MemorySegment bytes, long offset, int width) {
    AsciiNumber number = new AsciiNumber(bytes, offset, width);
    number.skipBlanks();
    if (number.at == number.end) {
      return 0;
    }
    long begin = number.at;
    boolean negative = number.sign();
    long value = 0;
    long digits = number.at;
    for (int digit = number.digit(); digit >= 0; digit = number.digit()) {
      value = value * 10 + digit;
    }
    long count = number.at - digits;
    number.requireEnd(count > 0);
    if (count > SAFE_DIGITS) {
      return Long.parseLong(text(bytes, begin, digits + count));
    }
    return negative ? -value : value;
  }

  /**
   * A real number; NaN for a field of blanks.
   *
   * @param decimals behind the point of a number without one
   * @throws NumberFormatException if it is none
   */
  static double real(MemorySegment bytes, long offset, int width, int decimals) {
    AsciiNumber number = new AsciiNumber(bytes, offset, width);
    number.skipBlanks();
    return number.at == number.end ? Double.NaN : number.real(decimals);
  }

  private double real(int decimals) {
    long begin = at;
    boolean negative = sign();
    long digitsBegin = at;
    long mantissa = 0;
    for (int digit = digit(); digit >= 0; digit = digit()) {
      mantissa = mantissa * 10 + digit;
    }
    long digits = at - digitsBegin;
    long power = -decimals;
    if (at < end && bytes.get(JAVA_BYTE, at) == '.') {
      at++;
      long fraction = at;
      for (int digit = digit(); digit >= 0; digit = digit()) {
        mantissa = mantissa * 10 + digit;
      }
      power = fraction - at;
      digits -= power;
    }
    long mantissaEnd = at;
    power += exponent();
    requireEnd(digits > 0);
    if (digits <= SAFE_DIGITS && mantissa <= EXACT && Math.abs(power) < POWERS.length) {
      double value = power < 0 ? mantissa / POWERS[(int) -power] : mantissa * POWERS[(int) power];
      return negative ? -value : value;
    }
    return exactly(begin, mantissaEnd, power);
  }

  /** The digits without their point, and the power of ten that they are to be multiplied by. */
  private double exactly(long begin, long mantissaEnd, long power) {
    String digits = text(bytes, begin, mantissaEnd).replace(".", "");
    return Double.parseDouble(digits + "E" + power);
  }

  private int exponent() {
    if (at == end || bytes.get(JAVA_BYTE, at) == ' ') {
      return 0;
    }
    byte letter = bytes.get(JAVA_BYTE, at);
    if ("EeDd".indexOf(letter) >= 0) {
      at++;
    } else if (letter != '+' && letter != '-') {
      throw new NumberFormatException();
    }
    boolean negative = sign();
    long digits = at;
    int value = 0;
    for (int digit = digit(); digit >= 0; digit = digit()) {
      // Far beyond any double, and far from an overflow.
      value = Math.min(value * 10 + digit, 100_000);
    }
    if (at == digits) {
      throw new NumberFormatException();
    }
    return negative ? -value : value;
  }

  private void skipBlanks() {
    while (at < end && bytes.get(JAVA_BYTE, at) == ' ') {
      at++;
    }
  }

  private boolean sign() {
    byte sign = at < end ? bytes.get(JAVA_BYTE, at) : 0;
    if (sign == '+' || sign == '-') {
      at++;
    }
    return sign == '-';
  }

  /** The digit that stands here, and steps behind it; -1 if there is none. */
  private int digit() {
    int digit = at < end ? bytes.get(JAVA_BYTE, at) - '0' : -1;
    if (digit < 0 || digit > 9) {
      return -1;
    }
    at++;
    return digit;
  }

  private void requireEnd(boolean valid) {
    skipBlanks();
    if (!valid || at != end) {
      throw new NumberFormatException();
    }
  }

  static String text(MemorySegment bytes, long begin, long end) {
    byte[] text = bytes.asSlice(begin, end - begin).toArray(JAVA_BYTE);
    return new String(text, ISO_8859_1);
  }
}
