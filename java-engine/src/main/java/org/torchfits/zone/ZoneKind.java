package org.torchfits.zone;

import org.jspecify.annotations.Nullable;

/** What is known of a column, or of two, and in how many longs. */
enum ZoneKind {
  /** Integers and logical values: the least and the greatest. */
  INTEGER('I', 1, 1),
  /** Real numbers: likewise, as longs that are in their order. */
  REAL('R', 1, 1),
  /** Points on the sky: cells, two in a long. */
  SKY('S', SkyFold.MOST_CELLS / 2, 0);

  private static final ZoneKind[] KINDS = values();

  private final int letter;
  private final int lowWords;
  private final int highWords;

  ZoneKind(char letter, int lowWords, int highWords) {
    this.letter = letter;
    this.lowWords = lowWords;
    this.highWords = highWords;
  }

  int letter() {
    return letter;
  }

  int lowWords() {
    return lowWords;
  }

  int highWords() {
    return highWords;
  }

  /** Bytes of what is known of a zone. */
  int bytes() {
    return Integer.BYTES + (lowWords + highWords) * Long.BYTES;
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
