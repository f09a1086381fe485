package org.torchfits.table;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Finds the keys that stand at given ranks of a column, exactly, in passes over all of its keys.
 * The first pass counts them in windows around the places where a sample has the ranks; then it is
 * known in which narrow range each one lies. If few keys are there, the second pass collects them,
 * else it counts once more, in windows that are the ranges. A bad sample costs passes, no more.
 *
 * <p>Within a pass safe for use by several threads.
 */
final class RankSearch {
  /** Are sorted in half a millisecond. */
  private static final int MOST_COLLECTED = 8 << 10;

  /** Of a sample, how much of it lies in a window on each side of a rank. */
  private static final int MARGIN = 24;

  private static final class Sought {
    private final long rank;
    private int key;

    /** Where it lies; null once the key is known. */
    private @Nullable KeyRange range = KeyRange.ALL;

    private Sought(long rank) {
      this.rank = rank;
    }

    private void find(KeyHistogram counted) {
      KeyRange found = counted.find(rank);
      key = found.first();
      range = found.isOneKey() ? null : found;
    }
  }

  private @Nullable KeyHistogram histogram;
  private @Nullable KeyCollector collector;
  private Sought[] all = new Sought[0];

  /**
   * @param sample some keys of the column in order, perhaps none
   * @param parts where the ranks are that will be asked for: 0 is the first key, 1 the last one
   */
  RankSearch(int[] sample, double... parts) {
    List<KeyWindow> windows = new ArrayList<>();
    int margin = sample.length / MARGIN + 1;
    for (int i = 0; i < parts.length && sample.length > 0; i++) {
      int place = (int) ((sample.length - 1) * parts[i]);
      int first = sample[Math.max(place - margin, 0)];
      int last = sample[Math.min(place + margin, sample.length - 1)];
      windows.add(KeyWindow.around(first, last));
    }
    histogram = new KeyHistogram(windows);
  }

  /**
   * Takes numbers.
   *
   * @param keys of the first {@code n} of them, not made yet
   */
  void accept(FloatKeys keys, int n, KeyHistogram.Tally tally) {
    if (collector != null) {
      collector.collect(keys.bits(n), n);
    } else {
      count(keys, keys.makeOfFinite(n), tally);
    }
  }

  /**
   * Takes numbers in a pass that counts, as the first one does.
   *
   * @param keys of the first {@code n} of them, all finite
   */
  void count(FloatKeys keys, int n, KeyHistogram.Tally tally) {
    if (histogram == null) {
      throw new IllegalStateException("the keys are collected, no more counted");
    }
    histogram.count(keys, n, tally);
  }

  /** Takes what was counted. */
  void add(KeyHistogram.Tally tally) {
    if (histogram != null) {
      histogram.add(tally);
    }
  }

  /**
   * Says, before the first pass ends, what is sought.
   *
   * @param ranks from 0, at most {@link KeyHistogram#MOST_WINDOWS}
   */
  void seek(long... ranks) {
    all = Arrays.stream(ranks).mapToObj(Sought::new).toArray(Sought[]::new);
  }

  /**
   * Ends a pass.
   *
   * @return whether all keys are known; if not, another pass is needed
   */
  boolean endPass() {
    if (histogram != null) {
      findRanges(histogram);
    } else if (collector != null) {
      findKeys(collector);
    }
    List<KeyRange> open =
        Arrays.stream(all).map(sought -> sought.range).filter(Objects::nonNull).distinct().toList();
    boolean isFew = open.stream().allMatch(range -> range.count() <= MOST_COLLECTED);
    collector = isFew && !open.isEmpty() ? new KeyCollector(open) : null;
    histogram = isFew ? null : new KeyHistogram(open.stream().map(KeyRange::window).toList());
    return open.isEmpty();
  }

  private void findRanges(KeyHistogram counted) {
    for (Sought sought : all) {
      if (sought.range != null) {
        sought.find(counted);
      }
    }
  }

  private void findKeys(KeyCollector collected) {
    collected.sort();
    for (Sought sought : all) {
      if (sought.range != null) {
        sought.key = collected.key(sought.rank);
        sought.range = null;
      }
    }
  }

  /** The key of the rank that was named at this place. */
  int key(int place) {
    return all[place].key;
  }
}
