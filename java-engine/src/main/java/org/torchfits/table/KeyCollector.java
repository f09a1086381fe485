package org.torchfits.table;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The keys of a column that lie in some ranges. Safe for use by several threads. */
final class KeyCollector {
  /** Keys that are looked at one by one if one of them lies in a range. Mostly none does. */
  private static final int CHUNK = 256;

  private static final class Kept {
    private final KeyRange range;
    private final int[] keys;
    private int collected;

    private Kept(KeyRange range) {
      this.range = range;
      this.keys = new int[(int) range.count()];
    }

    private void add(int key) {
      if (range.holds(key)) {
        if (collected < keys.length) {
          keys[collected] = key;
        }
        collected++;
      }
    }
  }

  private final List<Kept> all;

  /**
   * Where parts of all keys start that hold the ranges, three by three, as they are worked with.
   */
  private final int[] starts;

  /** Binary logarithms of how long these parts are: at least 1, so that no distance is negative. */
  private final int[] shifts;

  /**
   * @param ranges whose numbers of keys are known, at least one
   */
  KeyCollector(List<KeyRange> ranges) {
    this.all = ranges.stream().map(Kept::new).toList();
    List<int[]> parts = ranges.stream().flatMap(KeyCollector::parts).toList();
    this.starts = new int[Math.ceilDiv(parts.size(), 3) * 3];
    this.shifts = new int[starts.length];
    for (int i = 0; i < starts.length; i++) {
      int[] part = parts.get(Math.min(i, parts.size() - 1));
      starts[i] = part[0];
      shifts[i] = part[1];
    }
  }

  /** Start and binary logarithm of the length of one part, or of two halves of all keys. */
  private static Stream<int[]> parts(KeyRange range) {
    int first = range.first();
    int bits = Integer.SIZE - Integer.numberOfLeadingZeros(range.last() - first);
    return bits == Integer.SIZE
        ? Stream.of(new int[] {first, bits - 1}, new int[] {first + Integer.MIN_VALUE, bits - 1})
        : Stream.of(new int[] {first, Math.max(1, bits)});
  }

  /**
   * Takes those that lie in a range.
   *
   * @param bits of numbers, finite or not, as {@link FloatKeys#flip} takes them
   * @param n how many of the first ones
   */
  void collect(int[] bits, int n) {
    for (int start = 0; start < n; start += CHUNK) {
      int end = Math.min(start + CHUNK, n);
      if (reachesAny(bits, start, end)) {
        add(bits, start, end);
      }
    }
  }

  /** Whether a key may lie in a range; if none may, none does. */
  private boolean reachesAny(int[] bits, int start, int end) {
    for (int i = 0; i < starts.length; i += 3) {
      if (leastDistance(bits, start, end, starts, shifts, i) == 0) {
        return true;
      }
    }
    return false;
  }

  /**
   * The least of the distances of keys from three starts up, round the end of int, each in units of
   * its range.
   */
  private static int leastDistance(
      int[] bits, int start, int end, int[] starts, int[] shifts, int first) {
    int startA = starts[first];
    int startB = starts[first + 1];
    int startC = starts[first + 2];
    int shiftA = shifts[first];
    int shiftB = shifts[first + 1];
    int shiftC = shifts[first + 2];
    int least = Integer.MAX_VALUE;
    for (int i = start; i < end; i++) {
      int key = FloatKeys.flip(bits[i]);
      int ofTwo = Math.min((key - startA) >>> shiftA, (key - startB) >>> shiftB);
      least = Math.min(least, Math.min(ofTwo, (key - startC) >>> shiftC));
    }
    return least;
  }

  private synchronized void add(int[] bits, int start, int end) {
    int startA = starts[0];
    int startB = starts[1];
    int startC = starts[2];
    int shiftA = shifts[0];
    int shiftB = shifts[1];
    int shiftC = shifts[2];
    for (int i = start; i < end; i++) {
      int key = FloatKeys.flip(bits[i]);
      if ((key - startA) >>> shiftA == 0
          || (key - startB) >>> shiftB == 0
          || (key - startC) >>> shiftC == 0
          || starts.length > 3) {
        add(key);
      }
    }
  }

  private void add(int key) {
    for (Kept kept : all) {
      kept.add(key);
    }
  }

  /**
   * Puts what was collected in order.
   *
   * @throws IllegalStateException if somebody changed the column between the passes
   */
  void sort() {
    for (Kept kept : all) {
      if (kept.collected != kept.keys.length) {
        throw new IllegalStateException("a column changed while its statistics were found");
      }
      Arrays.sort(kept.keys);
    }
  }

  /** The key of a rank in the column, which lies in one of the ranges. */
  int key(long rank) {
    for (Kept kept : all) {
      if (kept.range.holdsRank(rank)) {
        return kept.keys[(int) (rank - kept.range.before())];
      }
    }
    throw new IllegalArgumentException("the key of rank " + rank + " was not collected");
  }
}
