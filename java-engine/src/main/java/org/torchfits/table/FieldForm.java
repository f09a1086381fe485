package org.torchfits.table;

/** What TFORMn says of one column: of a binary table or of an ASCII table. */
public sealed interface FieldForm permits ColumnForm, AsciiForm {
  /** TFORMn as it stands in the header. */
  String text();

  /** Letter of the type of the elements; of descriptors, that of the elements in the heap. */
  char letter();

  /** Bytes of the field in a row. */
  long bytes();
}
