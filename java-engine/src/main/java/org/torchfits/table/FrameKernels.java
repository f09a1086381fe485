package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * What is done with each number of a frame.
 *
 * <p>One plain loop a method. They are not compiled into their callers (the JVM is told so when it
 * is started): C2 makes worse code of many loops in one method, and takes half a second for it.
 */
final class FrameKernels {
  private FrameKernels() {}

  static void scatter(float[] lane, int start, MemorySegment target, int step, int count) {
    int at = 0;
    for (int i = 0; i < count; i++) {
      target.set(JAVA_FLOAT, at, lane[start + i]);
      at += step;
    }
  }

  /** The slice has the only check of bounds in the loop. */
  static void scatter(
      float[] a, float[] b, float[] c, float[] d, MemorySegment target, int step, int count) {
    int at = 0;
    for (int i = 0; i < count; i++) {
      MemorySegment four = target.asSlice(at, NumericalBlock.GROUP * Float.BYTES);
      four.set(JAVA_FLOAT, 0, a[i]);
      four.set(JAVA_FLOAT, 4, b[i]);
      four.set(JAVA_FLOAT, 8, c[i]);
      four.set(JAVA_FLOAT, 12, d[i]);
      at += step;
    }
  }

  static void gather(
      MemorySegment rows, int column, int columns, float[] into, int start, int count) {
    int at = column * Float.BYTES;
    int step = columns * Float.BYTES;
    for (int i = 0; i < count; i++) {
      into[start + i] = rows.get(JAVA_FLOAT, at);
      at += step;
    }
  }

  static void widen(int[] from, int count, long[] to) {
    for (int i = 0; i < count; i++) {
      to[i] = from[i] & 0xFFFFFFFFL;
    }
  }

  static void widen(short[] from, int count, int mask, int[] to) {
    for (int i = 0; i < count; i++) {
      to[i] = from[i] & mask;
    }
  }

  static void widen(byte[] from, int count, int mask, int[] to) {
    for (int i = 0; i < count; i++) {
      to[i] = from[i] & mask;
    }
  }

  static void ofDoubles(double[] from, int count, float[] to) {
    for (int i = 0; i < count; i++) {
      to[i] = (float) from[i];
    }
  }

  /** Whether nothing is lost. */
  static boolean narrow(long[] from, int count, int[] to) {
    long lost = 0;
    for (int i = 0; i < count; i++) {
      int narrowed = (int) from[i];
      to[i] = narrowed;
      lost |= from[i] ^ narrowed;
    }
    return lost == 0;
  }

  static void convert(int[] from, int count, float[] to) {
    for (int i = 0; i < count; i++) {
      to[i] = from[i];
    }
  }

  static void convert(long[] from, int count, float[] to) {
    for (int i = 0; i < count; i++) {
      to[i] = from[i];
    }
  }

  static void putNulls(int[] from, int count, int nullValue, float[] to) {
    for (int i = 0; i < count; i++) {
      to[i] = from[i] == nullValue ? Float.NaN : to[i];
    }
  }

  static void putNulls(long[] from, int count, long nullValue, float[] to) {
    for (int i = 0; i < count; i++) {
      to[i] = from[i] == nullValue ? Float.NaN : to[i];
    }
  }

  /**
   * Makes keys of bits, as {@link FloatKeys#flip} does.
   *
   * @param extremes become the smallest key and the largest one
   */
  static void flip(int[] keys, int count, int[] extremes) {
    int lowest = Integer.MAX_VALUE;
    int highest = Integer.MIN_VALUE;
    for (int i = 0; i < count; i++) {
      int key = FloatKeys.flip(keys[i]);
      keys[i] = key;
      lowest = Math.min(lowest, key);
      highest = Math.max(highest, key);
    }
    extremes[0] = lowest;
    extremes[1] = highest;
  }

  /** The smallest key and the largest one. */
  static void findExtremes(int[] keys, int count, int[] extremes) {
    int lowest = Integer.MAX_VALUE;
    int highest = Integer.MIN_VALUE;
    for (int i = 0; i < count; i++) {
      lowest = Math.min(lowest, keys[i]);
      highest = Math.max(highest, keys[i]);
    }
    extremes[0] = lowest;
    extremes[1] = highest;
  }

  /** Moves the finite ones to the start. */
  static int dropOthers(float[] values, int[] keys, int count) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      float value = values[i];
      values[kept] = value;
      keys[kept] = keys[i];
      kept += Math.abs(value) <= Float.MAX_VALUE ? 1 : 0;
    }
    return kept;
  }

  /** C2 makes vectors of four terms, not of eight. */
  static void sumLane(float[] v, double origin, double[] steps, double[] squares) {
    int n = Moments.Sums.PARTS;
    for (int i = 0; i < n; i++) {
      double a = v[i] - origin;
      double b = v[i + n] - origin;
      double c = v[i + 2 * n] - origin;
      double d = v[i + 3 * n] - origin;
      steps[i] = a + b + (c + d);
      squares[i] = a * a + b * b + (c * c + d * d);
    }
  }

  /** In eight parts, so that no addition waits for the one before. */
  static double sum(double[] v) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    double e = 0;
    double f = 0;
    double g = 0;
    double h = 0;
    for (int i = 0; i < v.length; i += 8) {
      a += v[i];
      b += v[i + 1];
      c += v[i + 2];
      d += v[i + 3];
      e += v[i + 4];
      f += v[i + 5];
      g += v[i + 6];
      h += v[i + 7];
    }
    return a + b + (c + d) + (e + f + (g + h));
  }

  static void findSigns(int[] keys, int n, int[] starts, int[] spans, int[] signs, int[] below) {
    int startA = starts[0];
    int startB = starts[1];
    int startC = starts[2];
    int spanA = spans[0];
    int spanB = spans[1];
    int spanC = spans[2];
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
      // Where a is negative it does not matter that the other distance may overflow.
      signs[i] = (a | (spanA - a)) & (b | (spanB - b)) & (c | (spanC - c));
    }
    below[0] += belowA;
    below[1] += belowB;
    below[2] += belowC;
  }

  static void joinSigns(int[] s, int[] joined) {
    int groups = KeyBrackets.GROUPS;
    for (int i = 0; i < groups; i++) {
      int ofFour = s[i] & s[i + groups] & s[i + 2 * groups] & s[i + 3 * groups];
      joined[i] =
          ofFour & s[i + 4 * groups] & s[i + 5 * groups] & s[i + 6 * groups] & s[i + 7 * groups];
    }
  }

  static int findReached(int[] groupSigns, int[] reached) {
    int count = 0;
    for (int i = 0; i < KeyBrackets.GROUPS; i++) {
      reached[count] = i;
      count += ~groupSigns[i] >>> 31;
    }
    return count;
  }

  /** Without branches, which would be guessed wrong too often. */
  static int keep(int[] reached, int groups, int[] signs, int[] keys, int[] kept, int count) {
    int end = count;
    for (int i = 0; i < groups; i++) {
      for (int at = reached[i]; at < FloatLoader.LANE; at += KeyBrackets.GROUPS) {
        kept[end] = keys[at];
        end += ~signs[at] >>> 31;
      }
    }
    return end;
  }

  /** Adds the buckets of each key in three windows to what stands there. */
  static void addBuckets(
      int[] keys, int count, KeyWindow first, KeyWindow second, KeyWindow third, int[] buckets) {
    int lowA = first.low();
    int highA = first.high();
    int shiftA = first.shift();
    int lowB = second.low();
    int highB = second.high();
    int shiftB = second.shift();
    int lowC = third.low();
    int highC = third.high();
    int shiftC = third.shift();
    for (int i = 0; i < count; i++) {
      int key = keys[i];
      int a = (Math.min(Math.max(key, lowA), highA) - lowA) >>> shiftA;
      int b = (Math.min(Math.max(key, lowB), highB) - lowB) >>> shiftB;
      int c = (Math.min(Math.max(key, lowC), highC) - lowC) >>> shiftC;
      buckets[i] += a + b + c;
    }
  }

  static void count(int[] buckets, int count, int[] counts) {
    for (int i = 0; i < count; i++) {
      counts[buckets[i] & (KeyHistogram.Tally.SIZE - 1)]++;
    }
  }

  /** Puts those of some keys that are in a range, which are few, one behind the other. */
  static void pick(int[] keys, int count, int first, int last, int[] into) {
    int span = last - first + Integer.MIN_VALUE;
    int end = 0;
    for (int i = 0; i < count; i++) {
      int key = keys[i];
      if (key - first + Integer.MIN_VALUE <= span) {
        into[end++] = key;
      }
    }
  }

  /** Floats as they stand in rows, {@code step} bytes apart. */
  static void loadFloats(MemorySegment rows, int start, int step, int count, float[] into) {
    int at = start;
    for (int i = 0; i < count; i++) {
      into[i] = Float.intBitsToFloat(Integer.reverseBytes(rows.get(JAVA_INT_UNALIGNED, at)));
      at += step;
    }
  }

  static void loadDoubles(MemorySegment rows, int start, int step, int count, float[] into) {
    int at = start;
    for (int i = 0; i < count; i++) {
      long bits = Long.reverseBytes(rows.get(JAVA_LONG_UNALIGNED, at));
      into[i] = (float) Double.longBitsToDouble(bits);
      at += step;
    }
  }

  static void loadShorts(MemorySegment rows, int start, int step, int count, float[] into) {
    int at = start;
    for (int i = 0; i < count; i++) {
      into[i] = Short.reverseBytes(rows.get(JAVA_SHORT_UNALIGNED, at));
      at += step;
    }
  }

  static void loadInts(MemorySegment rows, int start, int step, int count, float[] into) {
    int at = start;
    for (int i = 0; i < count; i++) {
      into[i] = Integer.reverseBytes(rows.get(JAVA_INT_UNALIGNED, at));
      at += step;
    }
  }

  static void loadLongs(MemorySegment rows, int start, int step, int count, float[] into) {
    int at = start;
    for (int i = 0; i < count; i++) {
      into[i] = Long.reverseBytes(rows.get(JAVA_LONG_UNALIGNED, at));
      at += step;
    }
  }
}
