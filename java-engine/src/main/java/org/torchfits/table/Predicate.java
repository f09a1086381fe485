package org.torchfits.table;

import java.util.List;
import org.torchfits.error.FitsException;
import org.torchfits.table.Evaluation.TruthNode;
import org.torchfits.zone.Zones;

/**
 * A condition on the rows of a table. What it is made of is told in {@link ExpressionParser}; a row
 * counts if the condition is true of it, and neither false nor unknown. A comparison with something
 * that has no value is unknown, as in SQL: a NaN, an integer that equals TNULLn, a logical value
 * that is neither T nor F but 0, a field of blanks in an ASCII table.
 *
 * <p>Does not change; safe for use by several threads.
 *
 * @param columns that the condition asks for, by their numbers, in the order of the table
 * @param mayOverflow whether it is an error for some integers
 */
record Predicate(Schema table, List<Integer> columns, TruthNode node, boolean mayOverflow) {
  /**
   * The condition that a text tells.
   *
   * @throws FitsException of kind BAD_EXPRESSION that shows where the text is wrong
   */
  static Predicate of(String text, Schema table) {
    ExpressionText source = new ExpressionText(text);
    Binder binder = new Binder(source, table);
    TruthNode node = binder.condition(ExpressionParser.parse(source));
    return new Predicate(table, binder.columns(), node, binder.mayOverflow());
  }

  /** The columns that the condition asks for, of the table that it was made for. */
  List<Column> columnsOf(TableLayout layout) {
    return columns.stream().map(layout.columns()::get).toList();
  }

  /**
   * In which zones a row may count, or be one for which the condition is an error.
   *
   * @param layout of the table that it was made for
   */
  boolean[] mayConcern(TableLayout layout, Zones zones) {
    byte[] sets = node.possible(zones);
    boolean[] concerned = new boolean[sets.length];
    for (int i = 0; i < sets.length; i++) {
      concerned[i] = mayOverflow || (sets[i] & Possible.TRUE) != 0;
    }
    columnsOf(layout).stream()
        .filter(Predicate::mayBeBad)
        .forEach(column -> addUnknown(column, zones, concerned));
    return concerned;
  }

  /** Whether there may be fields that are no numbers. */
  private static boolean mayBeBad(Column column) {
    return column.form() instanceof AsciiForm form && form.letter() != 'A';
  }

  /** A zone of which the numbers are known has no other fields. */
  private static void addUnknown(Column column, Zones zones, boolean[] concerned) {
    boolean[] known = zones.known(column.index());
    for (int i = 0; i < known.length; i++) {
      concerned[i] |= !known[i];
    }
  }
}
