package org.torchfits.table;

import java.util.Arrays;
import java.util.List;

/**
 * Three brackets of keys: how many keys of a column are below each, and all that lie inside of one.
 * Bounds are even, widths powers of two, so a bracket may be wider than what was asked for.
 *
 * <p>Safe for use by several threads: what they find is joined under a lock.
 */
final class KeyBrackets {
  /** So many brackets are looked at together. */
  static final int COUNT = 3;

  /** Keys that are looked at one by one if one of them lies in a bracket; mostly none does. */
  private static final int GROUP = 8;

  private static final int GROUPS = FloatLoader.LANE / GROUP;

  /** What one thread finds. */
  static final class Finds {
    /** Of keys from the brackets, in their widths: 0 inside of one. */
    private final int[] distances = new int[FloatLoader.LANE];

    /** The least distance of each group, whose keys are {@link #GROUPS} apart. */
    private final int[] least = new int[GROUPS];

    /** With room for what is written behind the last one. */
    private final int[] reached = new int[GROUPS + 1];

    private final int[] kept = new int[2 * FloatLoader.LANE + 1];
    private int count;
    private final int[] below = new int[COUNT];
  }

  /** Where brackets start, in halves of keys: no distance overflows. */
  private final int[] starts = new int[COUNT];

  /** Binary logarithms of widths, at least 1: no distance is negative. */
  private final int[] shifts = new int[COUNT];

  private final int most;
  private final long[] below = new long[COUNT];
  private int[] inside = new int[0];
  private long count;

  /**
   * @param ranges at most {@link #COUNT}, at least one
   * @param most keys that are kept
   */
  KeyBrackets(List<KeyRange> ranges, int most) {
    this.most = most;
    for (int i = 0; i < COUNT; i++) {
      KeyRange range = ranges.get(Math.min(i, ranges.size() - 1));
      starts[i] = range.first() >> 1;
      int span = (range.last() >> 1) - starts[i];
      shifts[i] = Math.max(1, Integer.SIZE - Integer.numberOfLeadingZeros(span));
    }
  }

  /**
   * Looks at keys, for {@link #add}.
   *
   * @param keys the first {@code n} of them, at most {@link FloatLoader#LANE}
   */
  void look(int[] keys, int n, Finds finds) {
    findDistances(keys, n, starts, shifts, finds.distances, finds.below);
    Arrays.fill(finds.distances, n, FloatLoader.LANE, 1);
    findLeast(finds.distances, finds.least);
    int groups = findReached(finds.least, finds.reached);
    finds.count = keep(finds.reached, groups, finds.distances, keys, finds.kept, finds.count);
    if (finds.count > FloatLoader.LANE) {
      takeKept(finds);
    }
  }

  private static void findDistances(
      int[] keys, int n, int[] starts, int[] shifts, int[] distances, int[] below) {
    int startA = starts[0];
    int startB = starts[1];
    int startC = starts[2];
    int shiftA = shifts[0];
    int shiftB = shifts[1];
    int shiftC = shifts[2];
    int belowA = 0;
    int belowB = 0;
    int belowC = 0;
    for (int i = 0; i < n; i++) {
      int half = keys[i] >> 1;
      int a = half - startA;
      int b = half - startB;
      int c = half - startC;
      belowA += a >>> 31;
      belowB += b >>> 31;
      belowC += c >>> 31;
      distances[i] = Math.min(Math.min(a >>> shiftA, b >>> shiftB), c >>> shiftC);
    }
    below[0] += belowA;
    below[1] += belowB;
    below[2] += belowC;
  }

  private static void findLeast(int[] d, int[] least) {
    for (int i = 0; i < GROUPS; i++) {
      int ofFour =
          Math.min(Math.min(d[i], d[i + GROUPS]), Math.min(d[i + 2 * GROUPS], d[i + 3 * GROUPS]));
      int ofOthers =
          Math.min(
              Math.min(d[i + 4 * GROUPS], d[i + 5 * GROUPS]),
              Math.min(d[i + 6 * GROUPS], d[i + 7 * GROUPS]));
      least[i] = Math.min(ofFour, ofOthers);
    }
  }

  private static int findReached(int[] least, int[] reached) {
    int count = 0;
    for (int i = 0; i < GROUPS; i++) {
      reached[count] = i;
      count += least[i] == 0 ? 1 : 0;
    }
    return count;
  }

  /** Without branches, which would be guessed wrong too often. */
  private static int keep(
      int[] reached, int groups, int[] distances, int[] keys, int[] kept, int count) {
    int end = count;
    for (int i = 0; i < groups; i++) {
      for (int at = reached[i]; at < FloatLoader.LANE; at += GROUPS) {
        kept[end] = keys[at];
        end += distances[at] == 0 ? 1 : 0;
      }
    }
    return end;
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
  boolean sort() {
    if (count > most) {
      return false;
    }
    inside = Arrays.copyOf(inside, (int) count);
    Arrays.sort(inside);
    return true;
  }

  /**
   * Where the key of a rank is, after {@link #sort}: that key, or all keys below or above.
   *
   * @param bracket in the order of the ranges
   * @param rank from 0, below {@code all}
   * @param all how many keys the column has
   */
  KeyRange find(int bracket, long rank, long all) {
    int first = starts[bracket] << 1;
    if (rank < below[bracket]) {
      return new KeyRange(FloatKeys.LOWEST, first - 1, 0, below[bracket]);
    }
    // Of the widest brackets the end is no int; no key is behind it.
    int last =
        (int) Math.min(((starts[bracket] + (1L << shifts[bracket])) << 1) - 1, FloatKeys.HIGHEST);
    long end = below[bracket] + place(last + 1) - place(first);
    if (rank >= end) {
      return new KeyRange(last + 1, FloatKeys.HIGHEST, end, all - end);
    }
    int key = inside[(int) (place(first) + rank - below[bracket])];
    return new KeyRange(key, key, rank, 1);
  }

  /** How many of the keys inside of brackets are smaller. */
  private int place(int key) {
    int low = 0;
    int high = inside.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (inside[middle] < key) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
