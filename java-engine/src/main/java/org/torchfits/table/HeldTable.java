package org.torchfits.table;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is told of columns in memory.
 *
 * @param place what their rows are, as errors show it
 */
record HeldTable(String place, List<HeldColumn> columns) implements Schema {
  /**
   * The columns that a text tells.
   *
   * @param text lines as {@link HeldColumn#parse} has them, with line feeds between them
   */
  static HeldTable parse(String place, String text) {
    List<HeldColumn> columns = new ArrayList<>();
    for (String line : text.isEmpty() ? new String[0] : text.split("\n", -1)) {
      columns.add(HeldColumn.parse(columns.size(), line));
    }
    return new HeldTable(place, columns);
  }

  @Override
  public @Nullable HeldColumn find(String name) {
    return Names.find(columns, name);
  }

  @Override
  public String names() {
    return Names.list(columns);
  }
}
