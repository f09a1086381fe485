package org.torchfits.table;

/**
 * At most {@link Evaluation#ROWS} rows of a table, whose columns are decoded when they are asked
 * for. A column is only asked for as the type that {@link SchemaColumn#valueType} tells.
 */
interface RowBatch {
  int count();

  /** Number in the table, from 0, of row {@code index} of these. */
  long row(int index);

  /** NaN where there is no value. */
  void reals(int column, double[] into);

  void integers(int column, Integers into);

  /** As {@link Truth} has them. */
  void truths(int column, byte[] into);

  Texts texts(int column);
}
