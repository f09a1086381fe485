package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/**
 * Smoothing of strongly quantised images: a difference moves towards the one that the neighbouring
 * means let expect, as far as quantisation may have moved it, and never so far that the image were
 * not monotonous where the means are. Differences at the edges stay.
 */
final class HaarSmoothing {
  private final long most;

  /**
   * Means of the row before, of the row and of the row after, each with a neighbour at both ends.
   */
  private final long[] before;

  private final long[] here;
  private final long[] after;

  /**
   * @param most by how much a difference may change; none does if it is not positive
   * @param piece how many columns of means are smoothed at once, at most
   */
  HaarSmoothing(int most, int piece) {
    this.most = most;
    int length = most > 0 ? piece + 2 : 0;
    this.before = new long[length];
    this.here = new long[length];
    this.after = new long[length];
  }

  /**
   * Smooths the differences of a piece of a row of means, in place.
   *
   * @param column of the piece's first mean
   */
  void apply(
      HaarLevel level,
      int row,
      int column,
      int count,
      long[] acrossRows,
      long[] acrossColumns,
      long[] acrossBoth) {
    if (most <= 0) {
      return;
    }
    boolean inner = row > 0 && 2 * row < level.rows() - 2;
    load(level, row, column, count, here);
    if (inner) {
      load(level, row - 1, column, count, before);
      load(level, row + 1, column, count, after);
      for (int i = 0; i < count; i++) {
        acrossRows[i] = smoothed(acrossRows[i], before[i + 1], here[i + 1], after[i + 1]);
      }
    }
    int from = column == 0 ? 1 : 0;
    int to = Math.min(count, (level.columns() - 1) / 2 - column);
    for (int i = from; i < to; i++) {
      acrossColumns[i] = smoothed(acrossColumns[i], here[i], here[i + 1], here[i + 2]);
      if (inner) {
        acrossBoth[i] = smoothedBoth(acrossBoth[i], acrossRows[i], acrossColumns[i], i);
      }
    }
  }

  private static void load(HaarLevel level, int row, int column, int count, long[] means) {
    int first = Math.max(0, column - 1);
    int end = Math.min(level.meanColumns(), column + count + 1);
    long offset = Long.BYTES * ((long) row * level.meanColumns() + first);
    MemorySegment.copy(level.means(), JAVA_LONG, offset, means, first - (column - 1), end - first);
  }

  /** Eight times a difference is the slope between the means of both sides. */
  private long smoothed(long difference, long previous, long mean, long following) {
    long up = following - mean;
    long down = mean - previous;
    long highest = Math.max(Math.min(up, down), 0) << 2;
    long lowest = Math.min(Math.max(up, down), 0) << 2;
    return moved(difference, following - previous, lowest, highest, 3);
  }

  /** The four means at the corners, and the slopes here, bound the curvature. */
  private long smoothedBoth(long difference, long acrossRows, long acrossColumns, int i) {
    long mean = here[i + 1];
    long mm = before[i];
    long mp = before[i + 2];
    long pm = after[i];
    long pp = after[i + 2];
    long x = acrossRows << 1;
    long y = acrossColumns << 1;
    long highest =
        Math.min(
            Math.min(Math.max(pp - mean, 0) - x - y, Math.max(mean - pm, 0) + x - y),
            Math.min(Math.max(mean - mp, 0) - x + y, Math.max(mm - mean, 0) + x + y));
    long lowest =
        Math.max(
            Math.max(Math.min(pp - mean, 0) - x - y, Math.min(mean - pm, 0) + x - y),
            Math.max(Math.min(mean - mp, 0) - x + y, Math.min(mm - mean, 0) + x + y));
    return moved(difference, pp + mm - mp - pm, lowest << 4, highest << 4, 6);
  }

  /**
   * @param wanted the difference that the neighbours let expect, times 2 to the power of {@code
   *     shift}, as the bounds are
   */
  private long moved(long difference, long wanted, long lowest, long highest, int shift) {
    if (lowest >= highest) {
      return difference;
    }
    long change = Math.max(Math.min(wanted, highest), lowest) - (difference << shift);
    // Towards zero.
    long rounded = (change + ((change >> 63) & ((1L << shift) - 1))) >> shift;
    return difference + Math.max(Math.min(rounded, most), -most);
  }
}
