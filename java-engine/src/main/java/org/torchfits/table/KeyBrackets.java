package org.torchfits.table;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Three brackets of keys: how many keys of a column are below each, and all that lie inside of one.
 * A bracket may be a little wider than what was asked for.
 *
 * <p>Safe for use by several threads: what they find is joined under a lock.
 */
final class KeyBrackets {
  /** So many brackets are looked at together. */
  static final int COUNT = 3;

  /** Keys that are looked at one by one if one of them lies in a bracket; mostly none does. */
  private static final int GROUP = 8;

  static final int GROUPS = FloatLoader.LANE / GROUP;

  /** What one thread finds. */
  static final class Finds {
    /** Of keys: negative outside of all brackets. */
    private final int[] signs = new int[FloatLoader.LANE];

    /** Likewise of groups, whose keys are {@link #GROUPS} apart. */
    private final int[] groupSigns = new int[GROUPS];

    /** With room for what is written behind the last one. */
    private final int[] reached = new int[GROUPS + 1];

    private final int[] kept = new int[2 * FloatLoader.LANE + 1];
    private int count;
    private final int[] below = new int[COUNT];
  }

  /** Where brackets start, in halves of keys: no distance overflows. */
  private final int[] starts = new int[COUNT];

  /** From there to the last ones, likewise. */
  private final int[] spans = new int[COUNT];

  private final int most;

  /** Of the keys inside. Brackets begin and end where its buckets do. */
  private final KeyHistogram histogram;

  private final long[] below = new long[COUNT];
  private int[] inside = new int[0];
  private long count;

  /** Of the keys inside those of a range, in order. */
  private int[] picked = new int[0];

  private @Nullable KeyRange pickedRange;

  /**
   * @param ranges at most {@link #COUNT}, at least one
   * @param most keys that are kept
   */
  KeyBrackets(List<KeyRange> ranges, int most) {
    this.most = most;
    List<KeyWindow> windows =
        ranges.stream()
            .map(range -> KeyWindow.around(range.first() & ~1, range.last() | 1))
            .toList();
    this.histogram = new KeyHistogram(windows);
    for (int i = 0; i < COUNT; i++) {
      KeyWindow window = windows.get(Math.min(i, windows.size() - 1));
      starts[i] = window.first() >> 1;
      spans[i] = ((window.high() - 1) >> 1) - starts[i];
    }
  }

  /**
   * Looks at keys, for {@link #add}.
   *
   * @param keys the first {@code n} of them, at most {@link FloatLoader#LANE}
   */
  void look(int[] keys, int n, Finds finds) {
    FrameKernels.findSigns(keys, n, starts, spans, finds.signs, finds.below);
    Arrays.fill(finds.signs, n, FloatLoader.LANE, -1);
    FrameKernels.joinSigns(finds.signs, finds.groupSigns);
    int groups = FrameKernels.findReached(finds.groupSigns, finds.reached);
    finds.count =
        FrameKernels.keep(finds.reached, groups, finds.signs, keys, finds.kept, finds.count);
    if (finds.count > FloatLoader.LANE) {
      takeKept(finds);
    }
  }

  /** Takes what was found since this was last called. */
  void add(Finds finds) {
    takeKept(finds);
    synchronized (below) {
      for (int i = 0; i < COUNT; i++) {
        below[i] += finds.below[i];
      }
    }
    Arrays.fill(finds.below, 0);
  }

  private void takeKept(Finds finds) {
    synchronized (below) {
      count += finds.count;
      if (count <= most) {
        int end = (int) count;
        if (end > inside.length) {
          inside = Arrays.copyOf(inside, Math.min(most, end + (inside.length >> 1)));
        }
        System.arraycopy(finds.kept, 0, inside, end - finds.count, finds.count);
      }
    }
    finds.count = 0;
  }

  /** Ends the look at a column; returns false if more keys lay inside than are kept. */
  boolean end() {
    if (count <= most) {
      histogram.countAll(inside, (int) count);
    }
    return count <= most;
  }

  /**
   * Where the key of a rank is, after {@link #end}: that key, or all keys below or above.
   *
   * @param bracket in the order of the ranges
   * @param rank from 0, below {@code all}
   * @param all how many keys the column has
   */
  KeyRange find(int bracket, long rank, long all) {
    int first = starts[bracket] << 1;
    int last = ((starts[bracket] + spans[bracket]) << 1) + 1;
    long before = histogram.below(first);
    long end = below[bracket] + histogram.below(last + 1) - before;
    if (rank < below[bracket]) {
      return new KeyRange(FloatKeys.LOWEST, first - 1, 0, below[bracket]);
    }
    if (rank >= end) {
      return new KeyRange(last + 1, FloatKeys.HIGHEST, end, all - end);
    }
    int key = find(rank - below[bracket] + before);
    return new KeyRange(key, key, rank, 1);
  }

  /** Of the keys inside of brackets the one of this rank. */
  private int find(long rank) {
    KeyRange near = histogram.find(rank);
    if (near.isOneKey()) {
      return near.first();
    }
    if (!near.equals(pickedRange)) {
      picked = new int[(int) near.count()];
      FrameKernels.pick(inside, (int) count, near.first(), near.last(), picked);
      Arrays.sort(picked);
      pickedRange = near;
    }
    return picked[(int) (rank - near.before())];
  }
}
