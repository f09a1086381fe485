package org.torchfits.api;

import java.util.ArrayList;
import java.util.List;

/** Texts that Python gives as one, joined by NUL: fewer and larger arguments cross over faster. */
final class Parts {
  /** The one byte that no path holds. */
  private static final char SEPARATOR = '\0';

  private Parts() {}

  /**
   * The texts, at least one. Not by {@link String#split}, which takes the optimising compiler a
   * quarter of a second while the first windows are read.
   */
  static List<String> of(String joined) {
    List<String> parts = new ArrayList<>();
    int start = 0;
    for (int end = joined.indexOf(SEPARATOR); end >= 0; end = joined.indexOf(SEPARATOR, start)) {
      parts.add(joined.substring(start, end));
      start = end + 1;
    }
    parts.add(joined.substring(start));
    return parts;
  }
}
