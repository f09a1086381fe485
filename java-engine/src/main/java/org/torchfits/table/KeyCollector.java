package org.torchfits.table;

import java.util.Arrays;

/** The keys of a column that lie in a range. Safe for use by several threads. */
final class KeyCollector {
  private static final int CHUNK = 128;

  private final KeyRange range;
  private final int[] keys;
  private int collected;

  /**
   * @param range whose number of keys is known
   */
  KeyCollector(KeyRange range) {
    this.range = range;
    this.keys = new int[(int) range.count()];
  }

  /** Takes those of the first keys that lie inside. Mostly there is none. */
  void collect(FloatKeys from, int n) {
    if (range.holdsAny(from, n)) {
      append(from.keys(), n);
    }
  }

  private synchronized void append(int[] from, int n) {
    for (int start = 0; start < n; start += CHUNK) {
      int end = Math.min(start + CHUNK, n);
      if (range.holdsAny(from, start, end)) {
        append(from, start, end);
      }
    }
  }

  private void append(int[] from, int start, int end) {
    for (int i = start; i < end; i++) {
      if (from[i] >= range.first() && from[i] <= range.last()) {
        if (collected < keys.length) {
          keys[collected] = from[i];
        }
        collected++;
      }
    }
  }

  /**
   * Puts what was collected in order.
   *
   * @throws IllegalStateException if somebody changed the column between the passes
   */
  void sort() {
    if (collected != keys.length) {
      throw new IllegalStateException("a column changed while its statistics were found");
    }
    Arrays.sort(keys);
  }

  /** Whether the key of this rank is here. */
  boolean holds(long rank) {
    return rank >= range.before() && rank < range.before() + range.count();
  }

  /** The key of this rank in the column. */
  int key(long rank) {
    return keys[(int) (rank - range.before())];
  }
}
