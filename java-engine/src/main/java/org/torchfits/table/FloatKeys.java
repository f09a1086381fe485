package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;

/**
 * Floats as integers that have the same order: -0.0 comes before 0.0, and those of finite numbers
 * lie between {@link #LOWEST} and {@link #HIGHEST}. One thread at a time.
 */
final class FloatKeys {
  static final int LOWEST = flip(Float.floatToRawIntBits(-Float.MAX_VALUE));
  static final int HIGHEST = flip(Float.floatToRawIntBits(Float.MAX_VALUE));

  private final float[] values;
  private final MemorySegment bits;
  private final int[] keys;
  private int lowest;
  private int highest;

  /**
   * @param values whose first ones are made keys of
   */
  FloatKeys(float[] values) {
    this.values = values;
    this.bits = MemorySegment.ofArray(values);
    this.keys = new int[values.length];
  }

  /** The number of a key. */
  static float value(int key) {
    return Float.intBitsToFloat(flip(key));
  }

  /** The key of the number that has these bits. */
  static int flip(int bits) {
    return bits ^ ((bits >> 31) & Integer.MAX_VALUE);
  }

  /** The keys that were made last. */
  int[] keys() {
    return keys;
  }

  /** The smallest of them. */
  int lowest() {
    return lowest;
  }

  /** The largest of them. */
  int highest() {
    return highest;
  }

  /**
   * Makes keys of numbers. Those that are finite are moved to the start, and so are the numbers.
   *
   * @param count of the first numbers
   * @return how many are finite
   */
  int makeOfFinite(int count) {
    make(count);
    if (lowest >= LOWEST && highest <= HIGHEST) {
      return count;
    }
    int kept = dropOthers(values, keys, count);
    findExtremes(kept);
    return kept;
  }

  /** Makes keys of numbers, finite or not. */
  void make(int count) {
    flipAll(bits(count), count);
    findExtremes(count);
  }

  /** The bits of the first numbers, of which {@link #flip} makes keys, in the place of those. */
  int[] bits(int count) {
    // C2 makes no vectors of floatToRawIntBits.
    MemorySegment.copy(bits, JAVA_INT, 0, keys, 0, count);
    return keys;
  }

  private void findExtremes(int count) {
    lowest = ~highestComplement(keys, count);
    highest = ~lowestComplement(keys, count);
  }

  /** C2 makes no vectors of a minimum alone, but of this. */
  private static int lowestComplement(int[] keys, int count) {
    int lowest = Integer.MAX_VALUE;
    for (int i = 0; i < count; i++) {
      lowest = Math.min(lowest, ~keys[i]);
    }
    return lowest;
  }

  private static int highestComplement(int[] keys, int count) {
    int highest = Integer.MIN_VALUE;
    for (int i = 0; i < count; i++) {
      highest = Math.max(highest, ~keys[i]);
    }
    return highest;
  }

  private static void flipAll(int[] keys, int count) {
    for (int i = 0; i < count; i++) {
      int bits = keys[i];
      keys[i] = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
    }
  }

  private static int dropOthers(float[] values, int[] keys, int count) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      float value = values[i];
      values[kept] = value;
      keys[kept] = keys[i];
      kept += Math.abs(value) <= Float.MAX_VALUE ? 1 : 0;
    }
    return kept;
  }
}
