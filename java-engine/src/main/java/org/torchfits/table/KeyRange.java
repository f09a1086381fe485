package org.torchfits.table;

/**
 * Keys from {@code first} to {@code last}, both inside.
 *
 * @param before how many keys of a column are smaller
 * @param count how many lie inside
 */
record KeyRange(int first, int last, long before, long count) {
  /** Those of all finite numbers, before any was counted. */
  static final KeyRange ALL = new KeyRange(FloatKeys.LOWEST, FloatKeys.HIGHEST, 0, 0);

  /** Whether all keys inside are equal. */
  boolean isOneKey() {
    return first == last;
  }

  /** The window of these keys. */
  KeyWindow window() {
    return KeyWindow.around(first, last);
  }

  /** Whether a key lies inside. */
  boolean holds(int key) {
    return key >= first && key <= last;
  }

  /** Whether the key of a rank in the column lies inside. */
  boolean holdsRank(long rank) {
    return rank >= before && rank < before + count;
  }
}
