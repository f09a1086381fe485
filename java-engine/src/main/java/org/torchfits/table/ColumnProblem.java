package org.torchfits.table;

import org.jspecify.annotations.Nullable;
import org.torchfits.header.Keywords;

/** The first reason not to read a column, while its keywords are gone through. */
final class ColumnProblem {
  private @Nullable String reason;

  /** Null if there was none. */
  @Nullable String reason() {
    return reason;
  }

  void add(String keyword, @Nullable String value, String what) {
    if (reason == null) {
      reason = keyword + " = " + value + " " + what;
    }
  }

  /** The number of a keyword; NaN, and a problem, if the card holds none. */
  double real(Keywords header, String keyword, double absent) {
    double value = header.realOrNan(keyword, absent);
    if (Double.isNaN(value)) {
      add(keyword, header.text(keyword), "is not a number");
    }
    return value;
  }
}
