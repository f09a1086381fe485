package org.torchfits.table;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.torchfits.source.Scratch;

/**
 * Columns that are read together: they stand near together in the row.
 *
 * @param offset of the first of them in the row, in bytes
 * @param bytes from there to the end of the last one
 */
record ColumnGroup(long offset, long bytes, List<ColumnReader> columns) {
  /**
   * The groups of those columns that need rows.
   *
   * @param gapBytes that stand between the columns of a group at most
   */
  static List<ColumnGroup> of(List<ColumnReader> columns, long gapBytes) {
    List<ColumnReader> sorted =
        columns.stream()
            .filter(ColumnReader::needsRows)
            .sorted(Comparator.comparingLong(column -> column.column().offset()))
            .toList();
    List<ColumnGroup> groups = new ArrayList<>();
    for (ColumnReader column : sorted) {
      if (groups.isEmpty() || !groups.getLast().takes(column, gapBytes)) {
        groups.add(new ColumnGroup(column.column().offset(), 0, new ArrayList<>()));
      }
      groups.add(groups.removeLast().with(column));
    }
    return groups;
  }

  private boolean takes(ColumnReader column, long gapBytes) {
    long start = column.column().offset();
    return start - (offset + bytes) <= gapBytes && start + column.bytes() - offset <= Scratch.BYTES;
  }

  private ColumnGroup with(ColumnReader column) {
    columns.add(column);
    long end = column.column().offset() + column.bytes();
    return new ColumnGroup(offset, Math.max(bytes, end - offset), columns);
  }

  /** What is read for them. */
  FieldGroup fields() {
    return new FieldGroup(offset, bytes, columns.stream().map(ColumnReader::column).toList());
  }
}
