package org.torchfits.table;

import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** A table's layout as text. */
public final class TableSchema {
  private TableSchema() {}

  /**
   * Lines of fields with tabs between them. The first one: index of the HDU, its kind, rows, bytes
   * of a row, where the first row begins in the file, which file it is ({@link TableFile#content}).
   * Then one for each column: TFORM, offset in the row, {@link ColumnType.Kind}, element type, axes
   * of a cell with commas between them, TSCAL, TZERO, TNULL of integers (empty without one), TDIM
   * with commas, why it cannot be read (empty if it can; then kind, type and axes are told), TUNIT,
   * TDISP, TNULL of an ASCII table, and the name.
   */
  public static String describe(TableFile file) {
    TableLayout layout = file.layout();
    String first =
        join(
            Integer.toString(file.hdu()),
            layout.kind().name(),
            Long.toString(layout.rows()),
            Long.toString(layout.rowBytes()),
            Long.toString(layout.dataOffset()),
            file.content());
    return layout.columns().stream()
        .map(TableSchema::line)
        .collect(Collectors.joining("\n", first + (layout.columns().isEmpty() ? "" : "\n"), ""));
  }

  private static String line(Column column) {
    String problem = column.problem();
    ColumnType type = problem == null ? ColumnType.of(column) : null;
    Long nullValue = column.nullValue();
    String nullText = column.nullText();
    return join(
        column.form().text().strip(),
        Long.toString(column.offset()),
        type == null ? "" : type.kind().name(),
        type == null ? "" : type.elements().name(),
        type == null ? "" : type.cellText(),
        Double.toString(column.scale()),
        Double.toString(column.zero()),
        nullValue == null ? "" : nullValue.toString(),
        LongStream.of(column.dim()).mapToObj(Long::toString).collect(Collectors.joining(",")),
        problem == null ? "" : problem,
        column.unit(),
        column.display(),
        nullText == null ? "" : nullText,
        column.name());
  }

  private static String join(String... fields) {
    return Stream.of(fields)
        .map(field -> field.replace('\t', ' ').replace('\n', ' '))
        .collect(Collectors.joining("\t"));
  }
}
