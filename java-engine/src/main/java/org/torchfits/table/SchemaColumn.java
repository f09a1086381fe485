package org.torchfits.table;

import org.jspecify.annotations.Nullable;

/** A column that a condition may name. */
interface SchemaColumn {
  /** Among the columns of its table, from 0. */
  int index();

  String name();

  ValueType valueType();

  /** As errors show it. */
  String describe();

  /** Why the column cannot be read; null if it can. */
  @Nullable String problem();
}
