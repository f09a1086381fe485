package org.torchfits.table;

import org.jspecify.annotations.Nullable;

/** The columns that a condition may name. */
interface Schema {
  /** What the rows are of, as errors show it. */
  String place();

  /**
   * The column of that name: the first that is spelt so, or the first that differs in case only;
   * null if there is none.
   */
  @Nullable SchemaColumn find(String name);

  /** The first names, as errors show them. */
  String names();
}
