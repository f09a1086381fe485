package org.torchfits.table;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds quantiles of the keys of a column, exactly, in passes over the keys.
 *
 * <p>A sample tells about where they are. A survey of a part of the rows counts keys in windows
 * there, after which each quantile lies, most likely, in a bracket of few keys: the first pass
 * counts those below and collects those inside. Where too many lie inside, since they are equal, it
 * counts in the windows once more. A bad sample or survey costs passes, no more.
 *
 * <p>Within a pass safe for use by several threads.
 */
final class RankSearch {
  /** What one thread works with. */
  static final class Lanes {
    private final KeyHistogram.Tally tally = new KeyHistogram.Tally();
    private final KeyBrackets.Finds finds = new KeyBrackets.Finds();
  }

  /** Of a sample, how much of it lies in a window on each side of a quantile. */
  private static final int MARGIN = 24;

  /** Of a survey, how many square roots of it lie in a bracket on each side: 3 deviations. */
  private static final double SURVEY_MARGIN = 1.5;

  /** A column that does not change needs fewer. */
  private static final int MOST_PASSES = 8;

  /** Between two ranks that follow each other, or at one. */
  private static final class Quantile {
    private final double part;

    /** Where the keys of the ranks lie; before the first pass where the sample has them. */
    private KeyRange lower;

    private KeyRange upper;

    private Quantile(double part, int[] sample) {
      this.part = part;
      int margin = sample.length / MARGIN + 1;
      int place = (int) (part * (sample.length - 1));
      this.lower =
          sample.length == 0
              ? new KeyRange(FloatKeys.LOWEST, FloatKeys.HIGHEST, 0, 0)
              : new KeyRange(
                  sample[Math.max(place - margin, 0)],
                  sample[Math.min(place + margin, sample.length - 1)],
                  0,
                  0);
      this.upper = lower;
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

    /** From the keys of so many ranks below to those of as many above. */
    private KeyRange around(KeyHistogram counted, long margin) {
      long count = counted.count();
      KeyRange first = counted.find(Math.max(lowerRank(count) - margin, 0));
      return first.to(counted.find(Math.min(upperRank(count) + margin, count - 1)));
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

  /**
   * Begins with the survey.
   *
   * @param sample some keys of the column in order, perhaps none
   * @param most keys that may be collected
   * @param parts which quantiles are sought: 0 is the first key, 1 the last one; three at most
   */
  RankSearch(int[] sample, int most, double... parts) {
    this.most = most;
    this.all = Arrays.stream(parts).mapToObj(part -> new Quantile(part, sample)).toList();
    this.open = all;
    countInWindows();
  }

  /** Ends the search: these are all keys of the column, in order, at least one. */
  void end(int[] keys) {
    for (Quantile quantile : all) {
      int lower = keys[(int) quantile.lowerRank(keys.length)];
      int upper = keys[(int) quantile.upperRank(keys.length)];
      quantile.lower = oneKey(lower);
      quantile.upper = oneKey(upper);
    }
    open = List.of();
    histogram = null;
  }

  private static KeyRange oneKey(int key) {
    return new KeyRange(key, key, 0, 0);
  }

  private void countInWindows() {
    List<KeyWindow> windows =
        open.stream()
            .flatMap(quantile -> Stream.of(quantile.lower, quantile.upper))
            .distinct()
            .map(KeyRange::window)
            .toList();
    histogram = new KeyHistogram(windows);
    brackets = null;
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
      histogram.count(keys, n, lanes.tally);
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
   * Ends the survey.
   *
   * @param share of the rows that were in it, up to 1: all of them
   */
  void endSurvey(double share) {
    KeyHistogram counted = histogram;
    if (counted == null) {
      return;
    }
    long margin =
        share < 1 ? (long) Math.ceil(SURVEY_MARGIN * Math.sqrt((double) counted.count())) : 0;
    List<KeyRange> ranges =
        counted.count() == 0
            ? List.of()
            : all.stream().map(quantile -> quantile.around(counted, margin)).toList();
    if (!ranges.isEmpty() && areFew(ranges, share)) {
      collectIn(ranges);
    } else {
      countInWindows();
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
    if (!collected.sort()) {
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
