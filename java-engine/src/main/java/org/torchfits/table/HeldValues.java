package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.TensorView;

/**
 * The values of a column in memory; its owner keeps them alive.
 *
 * @param column of a {@link ValueType} that compares
 * @param values in C order; of strings the bytes of all
 * @param offsets of strings, INT64 (rows + 1,), where each begins in {@code values}; else null
 * @param nullValue of integers the one that stands for none, its bits if they are unsigned; null
 *     without one
 */
record HeldValues(
    HeldColumn column,
    MemorySegment values,
    @Nullable MemorySegment offsets,
    @Nullable Long nullValue) {

  /**
   * @throws IllegalArgumentException if they are not so many rows of the column's type
   */
  static HeldValues of(
      HeldColumn column,
      TensorView values,
      @Nullable TensorView offsets,
      @Nullable Long nullValue,
      long rows) {
    boolean isText = column.valueType() == ValueType.TEXT;
    ElementType type = Objects.requireNonNull(column.type()).elements();
    TensorView counted = isText ? Objects.requireNonNull(offsets) : values;
    long wanted = isText ? rows + 1 : rows;
    boolean fits = counted.elements().byteSize() == wanted * counted.type().bytes();
    if (values.type() != type || !fits || (isText && counted.type() != ElementType.INT64)) {
      throw new IllegalArgumentException(column.describe() + " is not " + rows + " " + type);
    }
    return new HeldValues(column, values.elements(), isText ? counted.elements() : null, nullValue);
  }

  ElementType type() {
    return Objects.requireNonNull(column.type()).elements();
  }

  /**
   * Where in {@code values} the string of a row begins; of the row behind the last one their end.
   */
  long start(long row) {
    return Objects.requireNonNull(offsets).getAtIndex(JAVA_LONG, row);
  }
}
