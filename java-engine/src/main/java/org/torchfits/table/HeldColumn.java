package org.torchfits.table;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.ElementType;

/**
 * A column in memory, as it is told before it is there.
 *
 * @param index from 0
 * @param type null if it cannot be read
 * @param problem why it cannot be read; null if it can
 */
record HeldColumn(int index, String name, @Nullable ColumnType type, @Nullable String problem)
    implements SchemaColumn {

  /**
   * The column that a line tells.
   *
   * @param line {@link ColumnType.Kind}, element type, axes of a cell with commas between them, why
   *     it cannot be read, and the name, separated by tabs; empty is what there is not
   */
  static HeldColumn parse(int index, String line) {
    String[] fields = line.split("\t", 5);
    if (!fields[3].isEmpty()) {
      return new HeldColumn(index, fields[4], null, fields[3]);
    }
    ColumnType.Kind kind = ColumnType.Kind.valueOf(fields[0]);
    ColumnType type = new ColumnType(kind, ElementType.valueOf(fields[1]), axes(fields[2]));
    return new HeldColumn(index, fields[4], type, null);
  }

  private static long[] axes(String text) {
    return text.isEmpty()
        ? new long[0]
        : Arrays.stream(text.split(",")).mapToLong(Long::parseLong).toArray();
  }

  /** One value a row counts, however many axes of length 1 it has. */
  @Override
  public ValueType valueType() {
    if (type == null || type.elementsOfRow() != 1) {
      return ValueType.NONE;
    }
    return switch (type.kind()) {
      case TENSOR -> ofElements(type.elements());
      case STRINGS -> ValueType.TEXT;
      case RAGGED -> ValueType.NONE;
    };
  }

  private static ValueType ofElements(ElementType elements) {
    return switch (elements) {
      case BOOL -> ValueType.LOGICAL;
      case INT8, UINT8, INT16, UINT16, INT32, UINT32, INT64 -> ValueType.INTEGER;
      case UINT64 -> ValueType.UNSIGNED;
      case FLOAT32, FLOAT64 -> ValueType.REAL;
      default -> ValueType.NONE;
    };
  }

  @Override
  public String describe() {
    return "column " + (index + 1) + " '" + name + "'";
  }
}
