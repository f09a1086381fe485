package org.torchfits.table;

/** What conditions can know of the values of a column. */
enum ValueType {
  /** True, false or null. */
  LOGICAL,
  /** Integers of up to 64 bits. */
  INTEGER,
  /** Integers from 0 of 64 bits. */
  UNSIGNED,
  /** Floating numbers, and integers that are scaled. */
  REAL,
  TEXT,
  /** Arrays, complex numbers and everything else that does not compare. */
  NONE;

  private static final double UNSIGNED_ZERO = 0x1p63;

  static ValueType of(Column column) {
    return switch (column.form()) {
      case AsciiForm form -> ofAscii(form, column);
      case ColumnForm form -> form.isDescriptor() ? NONE : ofBinary(form, column);
    };
  }

  private static ValueType ofAscii(AsciiForm form, Column column) {
    return switch (form.letter()) {
      case 'A' -> TEXT;
      case 'I' -> column.isScaled() ? REAL : INTEGER;
      default -> REAL;
    };
  }

  private static ValueType ofBinary(ColumnForm form, Column column) {
    if (form.letter() == 'A') {
      boolean several = form.width() != 0 && form.width() != form.repeat();
      return several || column.dim().length > 1 ? NONE : TEXT;
    }
    if (form.repeat() != 1) {
      return NONE;
    }
    return switch (form.letter()) {
      case 'L', 'X' -> LOGICAL;
      case 'B', 'I', 'J', 'K' -> ofIntegers(column);
      case 'E', 'D' -> REAL;
      default -> NONE;
    };
  }

  /** The conventions for unsigned integers and signed bytes give integers. */
  private static ValueType ofIntegers(Column column) {
    if (!column.isScaled()) {
      return INTEGER;
    }
    if (column.scale() == 1 && column.form().letter() == 'K' && column.zero() == UNSIGNED_ZERO) {
      return UNSIGNED;
    }
    return column.scale() == 1 && column.zero() == offset(column.form().letter()) ? INTEGER : REAL;
  }

  /** TZEROn that makes integers of the other signedness of the stored ones. */
  static long offset(char letter) {
    return switch (letter) {
      case 'B' -> Byte.MIN_VALUE;
      case 'I' -> 1L << 15;
      case 'J' -> 1L << 31;
      default -> 0;
    };
  }

  /** Bytes of the text in the field of a column of texts. */
  static long textBytes(Column column) {
    return column.dim().length == 1 ? column.dim()[0] : column.bytes();
  }
}
