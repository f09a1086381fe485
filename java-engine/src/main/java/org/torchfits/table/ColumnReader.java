package org.torchfits.table;

import java.util.Arrays;
import java.util.List;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.NativeMemoryException;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/** A column that becomes tensors of its own. */
abstract class ColumnReader extends RowReader {
  private final TableLayout layout;
  private final Column column;
  private final long rows;

  /**
   * @param rows that are wanted
   */
  ColumnReader(TableLayout layout, Column column, long rows) {
    this.layout = layout;
    this.column = column;
    this.rows = rows;
  }

  final TableLayout layout() {
    return layout;
  }

  final Column column() {
    return column;
  }

  final long rows() {
    return rows;
  }

  @Override
  final List<Column> columns() {
    return List.of(column);
  }

  @Override
  final long offset() {
    return column.offset();
  }

  /** What the column has become, once nothing is left to do. */
  abstract ColumnType type();

  /** The blocks of the result, as {@link ColumnType.Kind} has them. */
  abstract List<DlpackTensor> blocks();

  /** A block for the column. */
  final DlpackTensor allocate(Abi abi, ElementType elements, long... shape) {
    try {
      return DlpackTensor.allocate(abi, elements, shape);
    } catch (NativeMemoryException | ArithmeticException refused) {
      throw layout.bad(
          ErrorKind.OUT_OF_MEMORY,
          column,
          elements + " " + Arrays.toString(shape) + ": " + refused.getMessage());
    }
  }

  /** The error of data that does not mean what it must. */
  final FitsException badData(long row, String reason) {
    return layout.bad(ErrorKind.BAD_DATA, column, row, reason);
  }
}
