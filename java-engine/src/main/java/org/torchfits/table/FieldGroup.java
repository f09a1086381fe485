package org.torchfits.table;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.torchfits.source.Scratch;

/**
 * Columns that are read together, with what stands between them.
 *
 * @param offset of the first of them in the row, in bytes
 * @param bytes from there to the end of the last one
 */
record FieldGroup(long offset, long bytes, List<Column> columns) {
  /**
   * @param gapBytes that stand between the columns of a group at most
   */
  static List<FieldGroup> of(List<Column> columns, long gapBytes) {
    List<FieldGroup> groups = new ArrayList<>();
    for (Column column :
        columns.stream().sorted(Comparator.comparingLong(Column::offset)).toList()) {
      if (groups.isEmpty() || !groups.getLast().takes(column, gapBytes)) {
        groups.add(new FieldGroup(column.offset(), 0, new ArrayList<>()));
      }
      groups.add(groups.removeLast().with(column));
    }
    return groups;
  }

  /** One group of all, however far they are from each other. */
  static FieldGroup joined(List<Column> columns) {
    long offset = columns.stream().mapToLong(Column::offset).min().orElse(0);
    long end = columns.stream().mapToLong(c -> c.offset() + c.bytes()).max().orElse(offset);
    return new FieldGroup(offset, end - offset, columns);
  }

  private boolean takes(Column column, long gapBytes) {
    return column.offset() - (offset + bytes) <= gapBytes
        && column.offset() + column.bytes() - offset <= Scratch.BYTES;
  }

  private FieldGroup with(Column column) {
    columns.add(column);
    long end = column.offset() + column.bytes();
    return new FieldGroup(offset, Math.max(bytes, end - offset), columns);
  }
}
