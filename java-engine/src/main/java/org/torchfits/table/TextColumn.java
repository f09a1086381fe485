package org.torchfits.table;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.error.ErrorKind;
import org.torchfits.kernel.GatherKernels;

/** Strings of a fixed width in the row: one, or an array of them. */
final class TextColumn extends ColumnReader {
  private final ColumnType type;
  private final int perRow;
  private final long width;
  private final Strings strings;

  TextColumn(TableLayout layout, Column column, long rows, Abi abi) {
    super(layout, column, rows);
    this.type = ColumnType.of(column);
    this.perRow = Fields.elements(layout, column, type);
    this.width = width(column);
    try {
      long count = Math.multiplyExact(rows, (long) perRow);
      this.strings = new Strings(this, abi, count, Math.multiplyExact(count, width));
    } catch (ArithmeticException overflow) {
      throw layout.bad(ErrorKind.OUT_OF_MEMORY, column, "more bytes than memory can hold");
    }
  }

  private static long width(Column column) {
    if (column.dim().length > 0) {
      return column.dim()[0];
    }
    return column.form() instanceof ColumnForm form && form.width() > 0
        ? form.width()
        : column.form().bytes();
  }

  @Override
  long bytes() {
    return perRow * width;
  }

  /** Strings without width are measured too. */
  @Override
  boolean needsRows() {
    return perRow > 0;
  }

  @Override
  void read(RowBlock block, long field, long first) {
    long place = first * bytes();
    GatherKernels.gatherFields(
        bytes(), block.bytes(), field, block.stride(), strings.stored(), place, block.rows());
    long last = (first + block.rows()) * perRow;
    for (long i = first * perRow; i < last; i++) {
      strings.measure(i, i * width, width);
    }
  }

  @Override
  @Nullable Stage nextStage() {
    return strings.compaction(index -> index * width);
  }

  @Override
  ColumnType type() {
    return type;
  }

  @Override
  List<DlpackTensor> blocks() {
    return strings.blocks();
  }

  @Override
  public void close() {
    strings.close();
  }
}
