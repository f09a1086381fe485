package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.Abi;

/** Numbers of an ASCII table. TNULLn and a field of blanks are NaN, or 0 among integers. */
final class AsciiColumn extends TensorColumn {
  private final AsciiField field;
  private final MemorySegment target;

  AsciiColumn(TableLayout layout, Column column, long rows, Abi abi) {
    super(layout, column, rows, abi);
    this.field = new AsciiField(column);
    this.target = block().elements();
  }

  @Override
  long bytes() {
    return ((AsciiForm) column().form()).width();
  }

  /** A field without width is blank. */
  @Override
  boolean needsRows() {
    return true;
  }

  @Override
  void read(RowBlock rowBlock, long fieldOffset, long first) {
    for (int row = 0; row < rowBlock.rows(); row++) {
      long from = fieldOffset + row * rowBlock.stride();
      try {
        readRow(rowBlock.bytes(), from, first + row);
      } catch (NumberFormatException notANumber) {
        throw badData(first + row, field.problem(rowBlock.bytes(), from));
      }
    }
  }

  private void readRow(MemorySegment bytes, long from, long row) {
    switch (type().elements()) {
      case INT32 -> {
        int value = (int) field.integer(bytes, from);
        target.set(JAVA_INT_UNALIGNED, row * Integer.BYTES, value);
      }
      case INT64 -> target.set(JAVA_LONG_UNALIGNED, row * Long.BYTES, field.integer(bytes, from));
      default -> target.set(JAVA_DOUBLE_UNALIGNED, row * Double.BYTES, real(bytes, from));
    }
  }

  private double real(MemorySegment bytes, long from) {
    double stored = field.real(bytes, from);
    return column().isScaled() ? stored * column().scale() + column().zero() : stored;
  }
}
