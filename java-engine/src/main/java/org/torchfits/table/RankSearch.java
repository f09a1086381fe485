package org.torchfits.table;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds quantiles of the keys of a column, exactly, in passes over the keys.
 *
 * <p>A sample tells about where they are, so that each one lies, most likely, in a bracket of few
 * keys: the first pass counts those below and collects those inside. Where too many would lie
 * inside, since they are equal, it counts in windows. A bad sample costs passes, no more.
 *
 * <p>Within a pass safe for use by several threads.
 */
final class RankSearch {
  /** What one thread works with. */
  static final class Lanes {
    private final KeyHistogram.Tally tally = new KeyHistogram.Tally();
    private final KeyBrackets.Finds finds = new KeyBrackets.Finds();
  }

  /** Keys of a sample that are sorted, about. */
  private static final int MOST_SORTED = 2048;

  /** Of these, how many lie in a window on each side of a quantile. */
  private static final int WINDOW_MARGIN = 24;

  /** Of all keys of a sample in a bracket, in deviations of how many are below a quantile. */
  private static final double BRACKET_MARGIN = 3;

  /** A column that does not change needs fewer. */
  private static final int MOST_PASSES = 8;

  /** Between two ranks that follow each other, or at one. */
  private static final class Quantile {
    private final double part;

    /** Where the keys of the ranks lie; before the first pass where the sample has them. */
    private KeyRange lower;

    private KeyRange upper;

    private Quantile(double part, KeyRange window) {
      this.part = part;
      this.lower = window;
      this.upper = window;
    }

    /** The keys around it in a sample. */
    private static KeyRange window(double part, int[] sample) {
      if (sample.length == 0) {
        return new KeyRange(FloatKeys.LOWEST, FloatKeys.HIGHEST, 0, 0);
      }
      int place = (int) (part * (sample.length - 1));
      int margin = sample.length / WINDOW_MARGIN + 1;
      int last = Math.min(place + margin, sample.length - 1);
      return new KeyRange(sample[Math.max(place - margin, 0)], sample[last], 0, 0);
    }

    /** Between these keys it most likely is. */
    private KeyRange bracket(KeyHistogram sample) {
      long count = sample.count();
      long margin = (long) Math.ceil(BRACKET_MARGIN * Math.sqrt(part * (1 - part) * count));
      KeyRange first = sample.find(Math.max(lowerRank(count) - margin, 0));
      return first.to(sample.find(Math.min(upperRank(count) + margin, count - 1)));
    }

    private double place(long count) {
      return part * (count - 1);
    }

    private long lowerRank(long count) {
      return (long) Math.floor(place(count));
    }

    private long upperRank(long count) {
      return (long) Math.ceil(place(count));
    }

    private boolean isFound() {
      return lower.isOneKey() && upper.isOneKey();
    }

    private KeyRange both() {
      return lower.to(upper);
    }
  }

  private final List<Quantile> all;
  private final int most;

  /** Those whose keys are not known. */
  private List<Quantile> open;

  private @Nullable KeyHistogram histogram;
  private @Nullable KeyBrackets brackets;
  private boolean isCountingOnly;
  private int passes;

  private RankSearch(List<Quantile> all, int most) {
    this.all = all;
    this.open = all;
    this.most = most;
  }

  /**
   * A search that begins with the first pass.
   *
   * @param sample some keys of the column, perhaps none
   * @param share what part of the column they are about; 1 if they are all of its keys
   * @param most keys that may be collected
   * @param parts which quantiles are sought: 0 is the first key, 1 the last one; three at most
   */
  static RankSearch of(int[] sample, double share, int most, double... parts) {
    int step = share == 1 ? 1 : sample.length / MOST_SORTED + 1;
    int[] sorted = sorted(sample, step);
    RankSearch search =
        new RankSearch(
            Arrays.stream(parts)
                .mapToObj(part -> new Quantile(part, Quantile.window(part, sorted)))
                .toList(),
            most);
    if (sorted.length == 0) {
      search.countInWindows();
    } else if (share == 1) {
      search.end(sorted);
    } else {
      search.begin(sample, share);
    }
    return search;
  }

  private static int[] sorted(int[] keys, int step) {
    int[] some = new int[Math.ceilDiv(keys.length, step)];
    for (int i = 0; i < some.length; i++) {
      some[i] = keys[i * step];
    }
    Arrays.sort(some);
    return some;
  }

  private void begin(int[] sample, double share) {
    KeyHistogram counted = new KeyHistogram(windows());
    counted.countAll(sample, sample.length);
    List<KeyRange> ranges = all.stream().map(quantile -> quantile.bracket(counted)).toList();
    if (areFew(ranges, share)) {
      collectIn(ranges);
    } else {
      countInWindows();
    }
  }

  private void end(int[] keys) {
    for (Quantile quantile : all) {
      quantile.lower = oneKey(keys[(int) quantile.lowerRank(keys.length)]);
      quantile.upper = oneKey(keys[(int) quantile.upperRank(keys.length)]);
    }
    open = List.of();
  }

  private static KeyRange oneKey(int key) {
    return new KeyRange(key, key, 0, 0);
  }

  private void countInWindows() {
    histogram = new KeyHistogram(windows());
    brackets = null;
  }

  private List<KeyWindow> windows() {
    return open.stream()
        .flatMap(quantile -> Stream.of(quantile.lower, quantile.upper))
        .distinct()
        .map(KeyRange::window)
        .toList();
  }

  private void collectIn(List<KeyRange> ranges) {
    brackets = new KeyBrackets(ranges, most);
    histogram = null;
  }

  private boolean areFew(List<KeyRange> ranges, double share) {
    return ranges.stream().mapToLong(KeyRange::count).sum() / share <= 0.5 * most;
  }

  /** Takes the first keys, all of finite numbers, for {@link #add}. */
  void accept(FloatKeys keys, int n, Lanes lanes) {
    if (brackets != null) {
      brackets.look(keys.keys(), n, lanes.finds);
    } else if (histogram != null && n > 0) {
      histogram.count(keys.keys(), n, keys.lowest(), keys.highest(), lanes.tally);
    }
  }

  /** Takes what lanes found since they were last added to a search. */
  void add(Lanes lanes) {
    if (brackets != null) {
      brackets.add(lanes.finds);
    } else if (histogram != null) {
      histogram.add(lanes.tally);
    }
  }

  /**
   * Ends a pass over all keys.
   *
   * @param count how many there are, at least one
   * @return whether the quantiles are known; if not, another pass is needed
   * @throws IllegalStateException if somebody changed the column between the passes
   */
  boolean endPass(long count) {
    if (++passes > MOST_PASSES) {
      throw changed();
    }
    if (histogram != null) {
      findRanges(histogram, count);
    } else if (brackets != null) {
      findKeys(brackets, count);
    }
    open = all.stream().filter(quantile -> !quantile.isFound()).toList();
    List<KeyRange> ranges = open.stream().map(Quantile::both).toList();
    if (open.isEmpty()) {
      histogram = null;
      brackets = null;
    } else if (!isCountingOnly && areFew(ranges, 1)) {
      collectIn(ranges);
    } else {
      countInWindows();
    }
    return open.isEmpty();
  }

  private static IllegalStateException changed() {
    return new IllegalStateException("a column changed while its statistics were found");
  }

  private void findRanges(KeyHistogram counted, long count) {
    if (counted.count() != count) {
      throw changed();
    }
    for (Quantile quantile : open) {
      quantile.lower = counted.find(quantile.lowerRank(count));
      quantile.upper = counted.find(quantile.upperRank(count));
    }
  }

  private void findKeys(KeyBrackets collected, long count) {
    if (!collected.end()) {
      isCountingOnly = true;
      return;
    }
    for (int i = 0; i < open.size(); i++) {
      Quantile quantile = open.get(i);
      quantile.lower = collected.find(i, quantile.lowerRank(count), count);
      quantile.upper = collected.find(i, quantile.upperRank(count), count);
    }
  }

  /** A quantile, in the order of the parts, with linear interpolation. */
  double quantile(int index, long count) {
    Quantile quantile = all.get(index);
    double place = quantile.place(count);
    double below = FloatKeys.value(quantile.lower.first());
    double above = FloatKeys.value(quantile.upper.first());
    return below + (above - below) * (place - Math.floor(place));
  }
}
