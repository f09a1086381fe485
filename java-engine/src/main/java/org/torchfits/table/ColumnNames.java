package org.torchfits.table;

import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Gives each column of a table a name of its own. */
final class ColumnNames {
  private static final Pattern CONTROLS = Pattern.compile("[\\x00-\\x1F]");

  private final Set<String> names = new HashSet<>();

  /**
   * The name of the next column.
   *
   * @param given in the header; null if there is none
   * @param index of the column, from 0
   */
  String next(@Nullable String given, int index) {
    // Lists of names are separated by such characters, which no header may have.
    String plain = CONTROLS.matcher(given == null ? "" : given).replaceAll("?");
    String first = plain.isEmpty() ? "col" + (index + 1) : plain;
    String name = first;
    for (int number = 2; !names.add(name); number++) {
      name = first + "_" + number;
    }
    return name;
  }
}
