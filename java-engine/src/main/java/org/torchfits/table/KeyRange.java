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

  /** Whether one of the first keys lies inside. */
  boolean holdsAny(FloatKeys keys, int n) {
    return keys.lowest() <= last && keys.highest() >= first && holdsAny(keys.keys(), 0, n);
  }

  /** Whether one of the keys from place {@code start} to {@code end} lies inside. */
  boolean holdsAny(int[] keys, int start, int end) {
    return leastDistance(keys, start, end, first) <= ((last - first) ^ Integer.MIN_VALUE);
  }

  /** The least of the distances from a key up to others, unsigned and round the end of int. */
  private static int leastDistance(int[] keys, int start, int end, int from) {
    int least = Integer.MAX_VALUE;
    for (int i = start; i < end; i++) {
      least = Math.min(least, (keys[i] - from) ^ Integer.MIN_VALUE);
    }
    return least;
  }
}
