package org.torchfits.table;

import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.torchfits.dlpack.ElementType;

/**
 * What a column becomes.
 *
 * @param elements of the values; of strings UINT8
 * @param cell shape of one row in C order, empty for one value; of ragged columns the axes behind
 *     the first one, which has any length, if TDIMn tells them
 */
public record ColumnType(Kind kind, ElementType elements, long[] cell) {
  /** How the values of a column are kept. */
  public enum Kind {
    /** One block (rows, cell). */
    TENSOR,
    /**
     * Two blocks: the bytes of all strings, one behind the other, and INT64 (strings + 1,) where
     * each begins; the strings are (rows, cell).
     */
    STRINGS,
    /**
     * Two blocks: the values of all rows, one behind the other, and INT64 (rows + 1,) where those
     * of each begin.
     */
    RAGGED
  }

  private static final long[] SCALAR = {};

  /**
   * The type of a column.
   *
   * @param column without a {@link Column#problem}
   */
  public static ColumnType of(Column column) {
    return switch (column.form()) {
      case AsciiForm form -> ofAscii(column, form);
      case ColumnForm form -> ofBinary(column, form);
    };
  }

  private static ColumnType ofAscii(Column column, AsciiForm form) {
    if (form.letter() == 'A') {
      return new ColumnType(Kind.STRINGS, ElementType.UINT8, SCALAR);
    }
    boolean isInteger = form.letter() == 'I' && !column.isScaled();
    ElementType integer = form.width() <= 9 ? ElementType.INT32 : ElementType.INT64;
    return new ColumnType(Kind.TENSOR, isInteger ? integer : ElementType.FLOAT64, SCALAR);
  }

  private static ColumnType ofBinary(Column column, ColumnForm form) {
    if (form.letter() == 'A') {
      long[] cell = form.isDescriptor() ? SCALAR : stringCell(column, form);
      return new ColumnType(Kind.STRINGS, ElementType.UINT8, cell);
    }
    ElementType elements =
        form.letter() == 'X' ? ElementType.BOOL : ElementDecoder.of(column, form.letter()).type();
    return form.isDescriptor()
        ? new ColumnType(Kind.RAGGED, elements, innerAxes(column.dim()))
        : new ColumnType(Kind.TENSOR, elements, cell(column, form));
  }

  private static long[] cell(Column column, ColumnForm form) {
    if (column.dim().length > 0) {
      return reversed(column.dim(), 0);
    }
    return form.repeat() == 1 && form.letter() != 'X' ? SCALAR : new long[] {form.repeat()};
  }

  private static long[] stringCell(Column column, ColumnForm form) {
    if (column.dim().length > 0) {
      return reversed(column.dim(), 1);
    }
    boolean one = form.width() == 0 || form.width() == form.repeat();
    return one ? SCALAR : new long[] {form.repeat() / form.width()};
  }

  /** In C order, without the last axis, which is the first one in C order. */
  private static long[] innerAxes(long[] dim) {
    boolean isThere =
        dim.length > 1 && LongStream.of(dim).limit(dim.length - 1L).min().orElse(0) > 0;
    return isThere ? reversed(Arrays.copyOf(dim, dim.length - 1), 0) : SCALAR;
  }

  /** In C order, without the first axes. */
  private static long[] reversed(long[] dim, int without) {
    long[] shape = new long[dim.length - without];
    for (int axis = 0; axis < shape.length; axis++) {
      shape[axis] = dim[dim.length - 1 - axis];
    }
    return shape;
  }

  /** Number of elements or strings in a row. */
  long elementsOfRow() {
    long elements = 1;
    for (long length : cell) {
      elements *= length;
    }
    return elements;
  }

  /** (rows, cell). */
  long[] shape(long rows) {
    long[] shape = new long[cell.length + 1];
    shape[0] = rows;
    System.arraycopy(cell, 0, shape, 1, cell.length);
    return shape;
  }

  /** The axes of a cell with commas between them. */
  public String cellText() {
    return text(cell);
  }

  /** The axes of so many rows, likewise. */
  String shapeText(long rows) {
    return text(shape(rows));
  }

  private static String text(long[] axes) {
    return LongStream.of(axes).mapToObj(Long::toString).collect(Collectors.joining(","));
  }
}
