package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/** A number in a row of an ASCII table. A field of blanks or of TNULLn has no value. */
final class AsciiField {
  private final TableLayout layout;
  private final Column column;
  private final RowBatch rows;
  private final AsciiForm form;
  private final String nullText;

  /**
   * @param rows for messages
   */
  AsciiField(TableLayout layout, Column column, RowBatch rows) {
    this.layout = layout;
    this.column = column;
    this.rows = rows;
    this.form = (AsciiForm) column.form();
    String text = column.nullText();
    this.nullText = text == null ? "" : text.strip();
  }

  private boolean isNull(MemorySegment bytes, long from) {
    String text = AsciiNumber.text(bytes, from, from + form.width()).strip();
    return text.isEmpty() || text.equals(nullText);
  }

  /**
   * Integers of some rows.
   *
   * @param at of the first one, in bytes
   */
  void integers(MemorySegment bytes, int at, int stride, Integers into, int n) {
    for (int i = 0; i < n; i++) {
      int from = at + i * stride;
      boolean isNull = isNull(bytes, from);
      into.nulls[i] = isNull ? (byte) 1 : 0;
      into.values[i] = isNull ? 0 : integer(bytes, from, i);
    }
  }

  private long integer(MemorySegment bytes, int from, int row) {
    try {
      return AsciiNumber.integer(bytes, from, form.width());
    } catch (NumberFormatException notANumber) {
      throw notANumber(bytes, from, row);
    }
  }

  /** Likewise, real numbers that are not yet scaled. */
  void reals(MemorySegment bytes, int at, int stride, double[] into, int n) {
    for (int i = 0; i < n; i++) {
      int from = at + i * stride;
      into[i] = isNull(bytes, from) ? Double.NaN : real(bytes, from, i);
    }
  }

  private double real(MemorySegment bytes, int from, int row) {
    try {
      return form.letter() == 'I'
          ? AsciiNumber.integer(bytes, from, form.width())
          : AsciiNumber.real(bytes, from, form.width(), form.decimals());
    } catch (NumberFormatException notANumber) {
      throw notANumber(bytes, from, row);
    }
  }

  private FitsException notANumber(MemorySegment bytes, int from, int row) {
    String text = AsciiNumber.text(bytes, from, from + form.width());
    return layout.bad(ErrorKind.BAD_DATA, column, rows.row(row), "'" + text + "' is not a number");
  }
}
