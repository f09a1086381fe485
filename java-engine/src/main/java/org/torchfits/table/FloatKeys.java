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

  /** The smallest key and the largest one. */
  private final int[] extremes = new int[2];

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
    return extremes[0];
  }

  /** The largest of them. */
  int highest() {
    return extremes[1];
  }

  /**
   * Makes keys of numbers. Those that are finite are moved to the start, and so are the numbers.
   *
   * @param count of the first numbers
   * @return how many are finite
   */
  int makeOfFinite(int count) {
    // C2 makes no vectors of floatToRawIntBits.
    MemorySegment.copy(bits, JAVA_INT, 0, keys, 0, count);
    FrameKernels.flip(keys, count, extremes);
    if (lowest() >= LOWEST && highest() <= HIGHEST) {
      return count;
    }
    int kept = FrameKernels.dropOthers(values, keys, count);
    FrameKernels.findExtremes(keys, kept, extremes);
    return kept;
  }
}
