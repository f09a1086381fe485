package org.torchfits.table;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.torchfits.source.Scratch;

/**
 * Readers whose fields are read together: they stand near together in the row.
 *
 * @param fields that are read for them
 */
record ColumnGroup(FieldGroup fields, List<RowReader> readers) {
  /**
   * The groups of those readers that need rows.
   *
   * @param gapBytes that stand between the fields of a group at most
   */
  static List<ColumnGroup> of(List<RowReader> readers, long gapBytes) {
    List<RowReader> sorted =
        readers.stream()
            .filter(RowReader::needsRows)
            .sorted(Comparator.comparingLong(RowReader::offset))
            .toList();
    List<ColumnGroup> groups = new ArrayList<>();
    for (RowReader reader : sorted) {
      if (groups.isEmpty() || !groups.getLast().takes(reader, gapBytes)) {
        FieldGroup none = new FieldGroup(reader.offset(), 0, new ArrayList<>());
        groups.add(new ColumnGroup(none, new ArrayList<>()));
      }
      groups.add(groups.removeLast().with(reader));
    }
    return groups;
  }

  private boolean takes(RowReader reader, long gapBytes) {
    long start = reader.offset();
    return start - (fields.offset() + fields.bytes()) <= gapBytes
        && start + reader.bytes() - fields.offset() <= Scratch.BYTES;
  }

  private ColumnGroup with(RowReader reader) {
    readers.add(reader);
    fields.columns().addAll(reader.columns());
    long bytes = reader.offset() + reader.bytes() - fields.offset();
    long most = Math.max(fields.bytes(), bytes);
    return new ColumnGroup(new FieldGroup(fields.offset(), most, fields.columns()), readers);
  }
}
