package org.torchfits.table;

import java.util.List;
import java.util.Set;

/**
 * Columns that are wanted of a table.
 *
 * @param all in the order of the result
 * @param numbers indices of those that are put side by side in a {@link NumericalBlock}: columns of
 *     a binary table with one number in each row, of a type that {@link FloatLoader} takes
 */
public record WantedColumns(List<Column> all, Set<Integer> numbers) {
  /** Those that become tensors of their own. */
  List<Column> apart() {
    return all.stream().filter(column -> !numbers.contains(column.index())).toList();
  }

  /** Those that are put side by side, each once. */
  List<Column> together() {
    return all.stream().filter(column -> numbers.contains(column.index())).distinct().toList();
  }
}
