package org.torchfits.table;

import org.torchfits.error.ErrorKind;

/** Sizes of fields. */
final class Fields {
  private Fields() {}

  /** Elements of a row, of which there are not more than an array could hold. */
  static int elements(TableLayout layout, Column column, ColumnType type) {
    long elements = type.elementsOfRow();
    if (elements > Integer.MAX_VALUE / 16) {
      throw layout.bad(
          ErrorKind.UNSUPPORTED, column, elements + " elements in a row are more than can be read");
    }
    return (int) elements;
  }
}
