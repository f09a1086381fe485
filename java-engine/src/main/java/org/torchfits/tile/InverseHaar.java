package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Inverse of HCOMPRESS's transform. Each level makes four pixels of a mean and three differences
 * (along the rows, the columns and both), and so an image twice as long and wide of the means; the
 * first mean is the first coefficient. The bits that the forward transform dropped are found again
 * from the parities of the others.
 *
 * <p>Rows are cut into pieces that pass through small arrays, of whose loops C2 makes vector
 * instructions. What is missing at odd edges counts as zero.
 */
final class InverseHaar {
  /** Columns of means that are worked on together. */
  private static final int PIECE = 512;

  private final int rows;
  private final int columns;
  private final int levels;
  private final HaarSmoothing smoothing;
  private final MemorySegment oddMeans;
  private final MemorySegment evenMeans;
  private final long[] mean = new long[PIECE];
  private final long[] acrossRows = new long[PIECE];
  private final long[] acrossColumns = new long[PIECE];
  private final long[] acrossBoth = new long[PIECE];
  private final long[] line = new long[2 * PIECE];
  private final int[] lastLine = new int[2 * PIECE];

  /**
   * @param mostSmoothing by how much smoothing may change a difference; 0 for none
   * @param arena has the scratch memory
   */
  InverseHaar(int rows, int columns, int mostSmoothing, Arena arena) {
    this.rows = rows;
    this.columns = columns;
    this.levels = Integer.SIZE - Integer.numberOfLeadingZeros(Math.max(rows, columns) - 1);
    this.smoothing = new HaarSmoothing(mostSmoothing, PIECE);
    this.oddMeans = arena.allocate(JAVA_LONG, pixels(1));
    this.evenMeans = arena.allocate(JAVA_LONG, pixels(2));
  }

  private long pixels(int level) {
    return (long) HaarLevel.halved(rows, level) * HaarLevel.halved(columns, level);
  }

  private MemorySegment means(int level) {
    return level % 2 == 1 ? oddMeans : evenMeans;
  }

  /**
   * @param coefficients a long for each pixel; those of the last level's means in the upper left
   *     quarter, and so on
   * @param target takes an int for each pixel
   */
  void invert(MemorySegment coefficients, MemorySegment target) {
    means(levels).setAtIndex(JAVA_LONG, 0, firstMean(coefficients.getAtIndex(JAVA_LONG, 0)));
    for (int number = levels - 1; number >= 0; number--) {
      HaarLevel level = HaarLevel.of(number, rows, columns, means(number + 1));
      invertLevel(level, coefficients, target);
    }
    if (levels == 0) {
      target.set(JAVA_INT_UNALIGNED, 0, (int) coefficients.getAtIndex(JAVA_LONG, 0));
    }
  }

  /** Rounded to what the levels multiplied it with. */
  private long firstMean(long sum) {
    long unit = 2L << levels;
    return (sum + unit / 2 + (sum >> 63)) & -unit;
  }

  private void invertLevel(HaarLevel level, MemorySegment coefficients, MemorySegment target) {
    int means = level.meanColumns();
    for (int row = 0; row < level.meanRows(); row++) {
      for (int column = 0; column < means; column += PIECE) {
        int count = Math.min(PIECE, means - column);
        load(level, row, column, count, coefficients);
        smoothing.apply(level, row, column, count, acrossRows, acrossColumns, acrossBoth);
        invert(mean, acrossRows, acrossColumns, acrossBoth, count, level.number());
        store(level, row, column, count, target);
      }
    }
  }

  private void load(HaarLevel level, int row, int column, int count, MemorySegment coefficients) {
    int means = level.meanColumns();
    int right = Math.min(count, level.columns() - means - column);
    boolean below = row < level.rows() - level.meanRows();
    long first = (long) row * columns + column;
    long firstBelow = first + (long) level.meanRows() * columns;
    long offset = Long.BYTES * ((long) row * means + column);
    MemorySegment.copy(level.means(), JAVA_LONG, offset, mean, 0, count);
    copy(coefficients, first + means, acrossColumns, right, count);
    copy(coefficients, firstBelow, acrossRows, below ? count : 0, count);
    copy(coefficients, firstBelow + means, acrossBoth, below ? right : 0, count);
  }

  /** Copies what there is, and puts zeros behind it. */
  private static void copy(
      MemorySegment coefficients, long first, long[] target, int there, int count) {
    if (there > 0) {
      MemorySegment.copy(coefficients, JAVA_LONG, Long.BYTES * first, target, 0, there);
    }
    Arrays.fill(target, there, count, 0);
  }

  /**
   * In place: the mean becomes the first of four pixels, the difference of the columns its right
   * neighbour, that of the rows the one below, that of both the last.
   */
  private static void invert(
      long[] mean, long[] acrossRows, long[] acrossColumns, long[] both, int count, int level) {
    long bit0 = 1L << level;
    long bit1 = bit0 << 1;
    long half0 = bit0 >> 1;
    // The last level's bit is whole, so that nothing is rounded.
    long negative0 = level == 0 ? 0 : -1;
    int shift = level == 0 ? 2 : 1;
    for (int i = 0; i < count; i++) {
      long hc = both[i];
      long hx = acrossRows[i];
      long hy = acrossColumns[i];
      long h0 = mean[i];
      hc = (hc + half0 + ((hc >> 63) & negative0)) & -bit0;
      hx = (hx + bit0 + (hx >> 63)) & -bit1;
      hy = (hy + bit0 + (hy >> 63)) & -bit1;
      long low0 = hc & bit0;
      hx -= (low0 ^ (hx >> 63)) - (hx >> 63);
      hy -= (low0 ^ (hy >> 63)) - (hy >> 63);
      long low1 = (hc ^ hx ^ hy) & bit1;
      // Towards zero, but for a negative mean where low0 is not zero.
      long plus = (h0 >> 63) & ((low0 >> level) - 1);
      h0 += low0 - ((low1 ^ plus) - plus);
      long sum = h0 + hc;
      long difference = h0 - hc;
      long along = hx + hy;
      long against = hx - hy;
      both[i] = (sum + along) >> shift;
      mean[i] = (sum - along) >> shift;
      acrossRows[i] = (difference + against) >> shift;
      acrossColumns[i] = (difference - against) >> shift;
    }
  }

  private void store(HaarLevel level, int row, int column, int count, MemorySegment target) {
    int pixels = Math.min(2 * count, level.columns() - 2 * column);
    long upper = 2L * row * level.columns() + 2L * column;
    store(level, mean, acrossColumns, count, target, upper, pixels);
    if (2 * row + 1 < level.rows()) {
      store(level, acrossRows, acrossBoth, count, target, upper + level.columns(), pixels);
    }
  }

  private void store(
      HaarLevel level,
      long[] evens,
      long[] odds,
      int count,
      MemorySegment target,
      long first,
      int pixels) {
    if (level.number() == 0) {
      interleave(evens, odds, lastLine, count);
      MemorySegment.copy(lastLine, 0, target, JAVA_INT_UNALIGNED, Integer.BYTES * first, pixels);
    } else {
      interleave(evens, odds, line, count);
      MemorySegment.copy(line, 0, means(level.number()), JAVA_LONG, Long.BYTES * first, pixels);
    }
  }

  private static void interleave(long[] evens, long[] odds, long[] line, int count) {
    for (int i = 0; i < count; i++) {
      line[2 * i] = evens[i];
      line[2 * i + 1] = odds[i];
    }
  }

  private static void interleave(long[] evens, long[] odds, int[] line, int count) {
    for (int i = 0; i < count; i++) {
      line[2 * i] = (int) evens[i];
      line[2 * i + 1] = (int) odds[i];
    }
  }
}
