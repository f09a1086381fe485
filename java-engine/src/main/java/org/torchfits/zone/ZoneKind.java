package org.torchfits.zone;

import org.jspecify.annotations.Nullable;

/** What the values of a column are. */
enum ZoneKind {
  /** Integers and logical values. */
  INTEGER('I'),
  /** Real numbers, as longs that are in their order. */
  REAL('R');

  private static final ZoneKind[] KINDS = values();

  private final int letter;

  ZoneKind(char letter) {
    this.letter = letter;
  }

  int letter() {
    return letter;
  }

  /** The kind of that letter; null if there is none. */
  static @Nullable ZoneKind of(int letter) {
    for (ZoneKind kind : KINDS) {
      if (kind.letter == letter) {
        return kind;
      }
    }
    return null;
  }
}
