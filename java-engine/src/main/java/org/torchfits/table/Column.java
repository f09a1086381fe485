package org.torchfits.table;

import org.jspecify.annotations.Nullable;
import org.torchfits.tile.ColumnCodec;

/**
 * One column of a table, as the header describes it (FITS 4.0, sections 7.2 and 7.3).
 *
 * @param index from 0
 * @param name TTYPEn without trailing blanks, control characters as question marks; {@code col<n>},
 *     n from 1, if there is none. If an earlier column has that name, with {@code _2} behind it, or
 *     the first number that is free
 * @param offset of the field in a row, in bytes
 * @param scale TSCALn; NaN if the card holds no number
 * @param zero TZEROn; NaN if the card holds no number
 * @param nullValue TNULLn of integers in a binary table: a stored value, before scaling
 * @param nullText TNULLn of an ASCII table, without trailing blanks
 * @param unit TUNITn, empty if there is none
 * @param display TDISPn, empty if there is none
 * @param dim TDIMn in FITS order, fastest axis first; of strings the first one is their width;
 *     empty if there is none. It may describe fewer elements than the field has: those behind them
 *     mean nothing. Of arrays of variable length what the header says, whether it is so or not
 * @param codec of a compressed table; null of all others, and of fields without bytes
 * @param problem why the column cannot be read although the table can; null if it can
 */
public record Column(
    int index,
    String name,
    FieldForm form,
    long offset,
    double scale,
    double zero,
    @Nullable Long nullValue,
    @Nullable String nullText,
    String unit,
    String display,
    long[] dim,
    @Nullable ColumnCodec codec,
    @Nullable String problem)
    implements SchemaColumn {

  /** Bytes of the field in a row. */
  public long bytes() {
    return form.bytes();
  }

  /** Whether TSCALn or TZEROn change the stored values. */
  public boolean isScaled() {
    return scale != 1 || zero != 0;
  }

  @Override
  public ValueType valueType() {
    return ValueType.of(this);
  }

  /** As errors show it: number from 1, name and TFORMn. */
  @Override
  public String describe() {
    return "column " + (index + 1) + " '" + name + "' (" + form.text().strip() + ")";
  }
}
