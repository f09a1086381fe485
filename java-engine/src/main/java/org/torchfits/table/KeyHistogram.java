package org.torchfits.table;

import java.util.Arrays;
import java.util.List;

/**
 * How many keys lie where. The bucket of a key is the sum of its buckets in a few windows: it grows
 * with the key, finely inside of the windows, not at all between them.
 *
 * <p>Safe for use by several threads: what they count is joined under a lock.
 */
final class KeyHistogram {
  /** More windows need more buckets than {@link Tally} has. */
  static final int MOST_WINDOWS = 6;

  /** What one thread counts. */
  static final class Tally {
    private static final int SIZE = 4096;

    private final int[] buckets = new int[FloatLoader.LANE];
    private final int[] counts = new int[SIZE];

    private static void count(int[] buckets, int count, int[] counts) {
      for (int i = 0; i < count; i++) {
        counts[buckets[i] & (SIZE - 1)]++;
      }
    }
  }

  /** Three by three, as they are worked with. */
  private final KeyWindow[] windows;

  private final long[] counts;

  /**
   * @param windows at most {@link #MOST_WINDOWS}
   */
  KeyHistogram(List<KeyWindow> windows) {
    this.windows = new KeyWindow[Math.ceilDiv(windows.size(), 3) * 3];
    Arrays.setAll(this.windows, i -> i < windows.size() ? windows.get(i) : KeyWindow.NONE);
    this.counts = new long[windows.stream().mapToInt(window -> window.buckets() - 1).sum() + 1];
  }

  /** Counts the first keys, all of finite numbers, for {@link #add(Tally)}. */
  void count(FloatKeys keys, int count, Tally tally) {
    int bucket = bucket(keys.lowest());
    if (bucket == bucket(keys.highest())) {
      tally.counts[bucket] += count;
      return;
    }
    Arrays.fill(tally.buckets, 0, count, 0);
    for (int i = 0; i < windows.length; i += 3) {
      KeyWindow.addBuckets(
          keys.keys(), count, windows[i], windows[i + 1], windows[i + 2], tally.buckets);
    }
    Tally.count(tally.buckets, count, tally.counts);
  }

  /** Takes what was counted. */
  void add(Tally tally) {
    synchronized (counts) {
      for (int i = 0; i < counts.length; i++) {
        counts[i] += tally.counts[i];
      }
    }
    Arrays.fill(tally.counts, 0, counts.length, 0);
  }

  /** How many keys were taken. */
  long count() {
    return Arrays.stream(counts).sum();
  }

  /** Where the key of a rank, from 0, is: below the number of all. */
  KeyRange find(long rank) {
    int bucket = 0;
    long left = rank;
    for (; left >= counts[bucket]; bucket++) {
      left -= counts[bucket];
    }
    int last = (int) (firstOf(bucket + 1) - 1);
    return new KeyRange((int) firstOf(bucket), last, rank - left, counts[bucket]);
  }

  /** The smallest finite key in this bucket or a later one; the one after the last if none is. */
  private long firstOf(int bucket) {
    long low = FloatKeys.LOWEST;
    long high = FloatKeys.HIGHEST + 1L;
    while (low < high) {
      long middle = (low + high) >> 1;
      if (bucket((int) middle) < bucket) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private int bucket(int key) {
    int bucket = 0;
    for (KeyWindow window : windows) {
      bucket += window.bucket(key);
    }
    return bucket;
  }
}
