package org.torchfits.table;

import java.util.List;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;

/** A column whose rows have all as many elements: it becomes one tensor. */
abstract class TensorColumn extends ColumnReader {
  private final ColumnType type;
  private final int elements;
  private final DlpackTensor block;

  TensorColumn(TableLayout layout, Column column, long rows, Abi abi) {
    super(layout, column, rows);
    this.type = ColumnType.of(column);
    this.elements = Fields.elements(layout, column, type);
    this.block = allocate(abi, type.elements(), type.shape(rows));
  }

  @Override
  final ColumnType type() {
    return type;
  }

  /** Elements of a row. */
  final int elements() {
    return elements;
  }

  /** The tensor. */
  final DlpackTensor block() {
    return block;
  }

  @Override
  final List<DlpackTensor> blocks() {
    return List.of(block);
  }

  @Override
  public final void close() {
    block.close();
  }
}
