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
  /** The groups of those columns that need rows. */
  static List<ColumnGroup> of(List<ColumnReader> columns) {
    List<ColumnReader> sorted =
        columns.stream()
            .filter(ColumnReader::needsRows)
            .sorted(Comparator.comparingLong(column -> column.column().offset()))
            .toList();
    List<ColumnGroup> groups = new ArrayList<>();
    for (ColumnReader column : sorted) {
      if (groups.isEmpty() || !groups.getLast().takes(column)) {
        groups.add(new ColumnGroup(column.column().offset(), 0, new ArrayList<>()));
      }
      groups.add(groups.removeLast().with(column));
    }
    return groups;
  }

  private boolean takes(ColumnReader column) {
    long start = column.column().offset();
    return start - (offset + bytes) <= RowFetcher.GAP_BYTES
        && start + column.bytes() - offset <= Scratch.BYTES;
  }

  private ColumnGroup with(ColumnReader column) {
    columns.add(column);
    long end = column.column().offset() + column.bytes();
    return new ColumnGroup(offset, Math.max(bytes, end - offset), columns);
  }
}
