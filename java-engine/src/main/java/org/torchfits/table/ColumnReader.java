package org.torchfits.table;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.NativeMemoryException;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.work.Job;

/**
 * A column on its way into tensors. First every block of rows is taken by {@link #read}, by several
 * threads at once; then come the stages of {@link #nextStage}, one after the other.
 */
abstract class ColumnReader implements AutoCloseable {
  /** Work that several threads do in pieces. */
  record Stage(long pieces, Job.Piece work) {}

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

  /** Bytes of the field that are needed, from its beginning. */
  abstract long bytes();

  /** Whether blocks of rows have something for this column. */
  boolean needsRows() {
    return bytes() > 0;
  }

  /**
   * Takes the field of the rows of a block.
   *
   * @param field where the field of the block's first row begins, in its bytes
   * @param first of the wanted rows
   */
  abstract void read(RowBlock block, long field, long first);

  /** Work that could not be planned before all that came before was done; null if none is left. */
  @Nullable Stage nextStage() {
    return null;
  }

  /** What the column has become, once nothing is left to do. */
  abstract ColumnType type();

  /** The blocks of the result, as {@link ColumnType.Kind} has them. */
  abstract List<DlpackTensor> blocks();

  /** Frees what the caller did not get. */
  @Override
  public abstract void close();

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
