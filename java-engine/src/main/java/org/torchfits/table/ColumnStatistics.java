package org.torchfits.table;

import java.util.Arrays;
import org.torchfits.work.Unfinished;

/**
 * Mean, deviation and quartiles of the finite numbers of a column, exactly. Those that stand at the
 * ranks of the quartiles are found by their bits, in two passes and without a copy: the first one
 * counts how many numbers begin with which 16 bits, the second one how those go on that begin as a
 * wanted one does.
 *
 * <p>One thread at a time.
 */
final class ColumnStatistics {
  /** Numbers that {@link #write} writes: count, mean, deviation, and five quantiles. */
  static final int LENGTH = 8;

  /** Are looked at in some ten milliseconds. */
  private static final long ROWS_AT_ONCE = 4 << 20;

  private static final int SORTED_ROWS = 64 << 10;

  private static final double[] PARTS = {0, 0.25, 0.5, 0.75, 1};
  private static final int HALVES = 1 << 16;
  private static final int INFINITY = Float.floatToRawIntBits(Float.POSITIVE_INFINITY);

  private final FloatLoader column;
  private final FloatLoader.Lanes lanes = new FloatLoader.Lanes();
  private final int[] keys = new int[FloatLoader.LANE];

  private int pass;
  private long row;

  private long count;
  private double sum;
  private double squares;

  /** How many numbers begin with each 16 bits. */
  private long[] beginnings = new long[0];

  /** Of the beginnings of wanted numbers, which line of {@link #ends} counts how they go on. */
  private byte[] lines = new byte[0];

  private long[][] ends = new long[0][];

  private final float[] quantiles = new float[2 * PARTS.length];

  /**
   * @param column whose rows do not change
   */
  ColumnStatistics(FloatLoader column) {
    this.column = column;
  }

  /**
   * Goes on until all is known.
   *
   * @throws Unfinished before that, after a while: to be called again
   */
  void run() {
    if (column.rows() <= SORTED_ROWS) {
      sort();
      return;
    }
    if (pass == 0 && row == 0) {
      beginnings = new long[HALVES];
    }
    long stop = row + ROWS_AT_ONCE;
    while (pass < 2 && row < stop) {
      int n = (int) Math.min(FloatLoader.LANE, column.rows() - row);
      if (n == 0) {
        endPass();
        stop -= row;
        row = 0;
      } else {
        column.load(row, n, lanes);
        accept(toFiniteKeys(lanes.floats, n, keys));
        row += n;
      }
    }
    if (pass < 2) {
      throw new Unfinished("statistics of a column");
    }
  }

  /** Few numbers are in order sooner than the counts are cleared. */
  private void sort() {
    int[] sorted = new int[(int) column.rows()];
    float[] values = new float[sorted.length];
    for (int first = 0; first < sorted.length; first += FloatLoader.LANE) {
      int rows = Math.min(FloatLoader.LANE, sorted.length - first);
      column.load(first, rows, lanes);
      int n = toFiniteKeys(lanes.floats, rows, keys);
      System.arraycopy(keys, 0, sorted, (int) count, n);
      System.arraycopy(lanes.floats, 0, values, (int) count, n);
      count += n;
    }
    sum = sum(values, (int) count);
    squares = squares(values, (int) count, sum / count);
    flip(sorted, (int) count);
    Arrays.sort(sorted, 0, (int) count);
    for (int i = 0; i < quantiles.length && count > 0; i++) {
      quantiles[i] = value(sorted[(int) rank(i)] ^ Integer.MIN_VALUE);
    }
  }

  /** From numbers whose unsigned order counts to such whose signed order does. */
  private static void flip(int[] keys, int n) {
    for (int i = 0; i < n; i++) {
      keys[i] ^= Integer.MIN_VALUE;
    }
  }

  private void accept(int n) {
    if (pass == 0) {
      count += n;
      sum += sum(lanes.floats, n);
      countBeginnings(keys, n, beginnings);
    } else {
      squares += squares(lanes.floats, n, sum / count);
      countEnds(keys, n, lines, ends);
    }
  }

  /**
   * Turns floats into numbers whose unsigned order is theirs, and moves the finite ones to the
   * start of both arrays.
   *
   * @return how many are finite
   */
  private static int toFiniteKeys(float[] values, int n, int[] keys) {
    toBits(values, n, keys);
    boolean finite = highestMagnitude(keys, n) < INFINITY;
    toKeys(keys, n);
    return finite ? n : dropOthers(values, n, keys);
  }

  private static void toBits(float[] values, int n, int[] bits) {
    for (int i = 0; i < n; i++) {
      bits[i] = Float.floatToRawIntBits(values[i]);
    }
  }

  private static int highestMagnitude(int[] bits, int n) {
    int highest = 0;
    for (int i = 0; i < n; i++) {
      highest = Math.max(highest, bits[i] & Integer.MAX_VALUE);
    }
    return highest;
  }

  private static void toKeys(int[] bits, int n) {
    for (int i = 0; i < n; i++) {
      bits[i] ^= bits[i] >> 31 | Integer.MIN_VALUE;
    }
  }

  private static float value(int key) {
    return Float.intBitsToFloat(key ^ (~key >> 31 | Integer.MIN_VALUE));
  }

  private static int dropOthers(float[] values, int n, int[] keys) {
    int kept = 0;
    for (int i = 0; i < n; i++) {
      float value = values[i];
      values[kept] = value;
      keys[kept] = keys[i];
      kept += Math.abs(value) <= Float.MAX_VALUE ? 1 : 0;
    }
    return kept;
  }

  /** In four parts, so that no addition waits for the one before. */
  private static double sum(float[] values, int n) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int i = 0;
    for (; i + 3 < n; i += 4) {
      a += values[i];
      b += values[i + 1];
      c += values[i + 2];
      d += values[i + 3];
    }
    for (; i < n; i++) {
      a += values[i];
    }
    return a + b + (c + d);
  }

  /** Likewise, of the squares of what lies between the values and their mean. */
  private static double squares(float[] values, int n, double mean) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int i = 0;
    for (; i + 3 < n; i += 4) {
      a += (values[i] - mean) * (values[i] - mean);
      b += (values[i + 1] - mean) * (values[i + 1] - mean);
      c += (values[i + 2] - mean) * (values[i + 2] - mean);
      d += (values[i + 3] - mean) * (values[i + 3] - mean);
    }
    for (; i < n; i++) {
      a += (values[i] - mean) * (values[i] - mean);
    }
    return a + b + (c + d);
  }

  private static void countBeginnings(int[] keys, int n, long[] counts) {
    for (int i = 0; i < n; i++) {
      counts[keys[i] >>> 16]++;
    }
  }

  private static void countEnds(int[] keys, int n, byte[] lines, long[][] counts) {
    for (int i = 0; i < n; i++) {
      int key = keys[i];
      int line = lines[key >>> 16];
      if (line != 0) {
        counts[line][key & 0xFFFF]++;
      }
    }
  }

  private void endPass() {
    pass++;
    if (pass == 1) {
      findBeginnings();
    } else {
      findQuantiles();
      beginnings = new long[0];
      lines = new byte[0];
      ends = new long[0][];
    }
  }

  private void findBeginnings() {
    lines = new byte[HALVES];
    ends = new long[quantiles.length + 1][];
    byte line = 0;
    for (int i = 0; i < quantiles.length && count > 0; i++) {
      int beginning = place(beginnings, rank(i));
      if (lines[beginning] == 0) {
        lines[beginning] = ++line;
        ends[line] = new long[HALVES];
      }
    }
  }

  private void findQuantiles() {
    for (int i = 0; i < quantiles.length && count > 0; i++) {
      int beginning = place(beginnings, rank(i));
      long before = 0;
      for (int other = 0; other < beginning; other++) {
        before += beginnings[other];
      }
      int end = place(ends[lines[beginning]], rank(i) - before);
      quantiles[i] = value(beginning << 16 | end);
    }
  }

  /** Of the numbers in their order, from 0, the ones below and above each quantile in turn. */
  private long rank(int i) {
    double place = (count - 1) * PARTS[i / 2];
    return (long) (i % 2 == 0 ? Math.floor(place) : Math.ceil(place));
  }

  /** Which count is that of the number of this rank. */
  private static int place(long[] counts, long rank) {
    int place = 0;
    for (long left = rank; left >= counts[place]; place++) {
      left -= counts[place];
    }
    return place;
  }

  /**
   * What was found: how many numbers are finite, their mean and their deviation (of the whole
   * population), then minimum, quartiles and maximum, with linear interpolation; NaN if none is.
   *
   * @param into the first {@link #LENGTH} numbers of it
   */
  void write(double[] into) {
    Arrays.fill(into, Double.NaN);
    into[0] = count;
    if (count > 0) {
      into[1] = sum / count;
      into[2] = Math.sqrt(squares / count);
      for (int i = 0; i < PARTS.length; i++) {
        double place = (count - 1) * PARTS[i];
        double below = quantiles[2 * i];
        into[3 + i] = below + (quantiles[2 * i + 1] - below) * (place - Math.floor(place));
      }
    }
  }
}
