package org.torchfits.table;

import java.util.List;
import org.torchfits.error.FitsException;
import org.torchfits.table.Evaluation.TruthNode;

/**
 * A condition on the rows of a table. What it is made of is told in {@link ExpressionParser}; a row
 * counts if the condition is true of it, and neither false nor unknown. A comparison with something
 * that has no value is unknown, as in SQL: a NaN, an integer that equals TNULLn, a logical value
 * that is neither T nor F but 0, a field of blanks in an ASCII table.
 *
 * <p>Does not change; safe for use by several threads.
 *
 * @param columns that the condition asks for, by their numbers, in the order of the table
 */
record Predicate(Schema table, List<Integer> columns, TruthNode node) {
  /**
   * The condition that a text tells.
   *
   * @throws FitsException of kind BAD_EXPRESSION that shows where the text is wrong
   */
  static Predicate of(String text, Schema table) {
    ExpressionText source = new ExpressionText(text);
    Binder binder = new Binder(source, table);
    TruthNode node = binder.condition(ExpressionParser.parse(source));
    return new Predicate(table, binder.columns(), node);
  }

  /** The columns that the condition asks for, of the table that it was made for. */
  List<Column> columnsOf(TableLayout layout) {
    return columns.stream().map(layout.columns()::get).toList();
  }
}
