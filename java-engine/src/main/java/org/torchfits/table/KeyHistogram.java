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
    static final int SIZE = 4096;

    private final int[] buckets = new int[FloatLoader.LANE];
    private final int[] counts = new int[SIZE];
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

  /**
   * Counts keys, for {@link #add(Tally)}.
   *
   * @param keys the first {@code count} of them, of finite numbers, at most {@link
   *     FloatLoader#LANE}
   * @param lowest no key is smaller
   * @param highest no key is larger
   */
  void count(int[] keys, int count, int lowest, int highest, Tally tally) {
    int bucket = bucket(lowest);
    if (bucket == bucket(highest)) {
      tally.counts[bucket] += count;
      return;
    }
    Arrays.fill(tally.buckets, 0, count, 0);
    for (int i = 0; i < windows.length; i += 3) {
      FrameKernels.addBuckets(
          keys, count, windows[i], windows[i + 1], windows[i + 2], tally.buckets);
    }
    FrameKernels.count(tally.buckets, count, tally.counts);
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

  /** Counts all keys of finite numbers, the first {@code count}. */
  void countAll(int[] keys, int count) {
    Tally tally = new Tally();
    int[] lane = new int[FloatLoader.LANE];
    for (int done = 0; done < count; done += lane.length) {
      int n = Math.min(lane.length, count - done);
      System.arraycopy(keys, done, lane, 0, n);
      count(lane, n, FloatKeys.LOWEST, FloatKeys.HIGHEST, tally);
    }
    add(tally);
  }

  /** How many keys were taken. */
  long count() {
    return Arrays.stream(counts).sum();
  }

  /** How many keys are smaller than the first one of a bucket. */
  long below(int key) {
    return Arrays.stream(counts, 0, bucket(key)).sum();
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
