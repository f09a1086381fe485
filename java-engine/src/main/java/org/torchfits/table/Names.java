package org.torchfits.table;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Columns by their names. */
final class Names {
  private static final int MOST_SHOWN = 20;

  private Names() {}

  /** As {@link Schema#find} has it. */
  static <C extends SchemaColumn> @Nullable C find(List<C> columns, String name) {
    C folded = null;
    for (C column : columns) {
      if (column.name().equals(name)) {
        return column;
      }
      if (folded == null && column.name().equalsIgnoreCase(name)) {
        folded = column;
      }
    }
    return folded;
  }

  /** As {@link Schema#names} has them. */
  static String list(List<? extends SchemaColumn> columns) {
    List<String> first = columns.stream().limit(MOST_SHOWN).map(SchemaColumn::name).toList();
    String more = columns.size() > MOST_SHOWN ? ", ..." : "";
    return "the table has " + columns.size() + ": " + String.join(", ", first) + more;
  }
}
