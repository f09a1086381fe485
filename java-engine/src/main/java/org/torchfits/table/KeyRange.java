package org.torchfits.table;

/**
 * Keys from {@code first} to {@code last}, both inside.
 *
 * @param before how many keys of a column are smaller
 * @param count how many lie inside
 */
record KeyRange(int first, int last, long before, long count) {
  /** Whether all keys inside are equal. */
  boolean isOneKey() {
    return first == last;
  }

  /** The window of these keys. */
  KeyWindow window() {
    return KeyWindow.around(first, last);
  }

  /** How many keys are no larger. */
  long end() {
    return before + count;
  }

  /** The keys of this range and another one, and all between them. */
  KeyRange to(KeyRange later) {
    return new KeyRange(first, later.last, before, later.end() - before);
  }
}
