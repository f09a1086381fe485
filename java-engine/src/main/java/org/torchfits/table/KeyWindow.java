package org.torchfits.table;

/**
 * A range of keys in buckets of one width, a power of two. Bucket 0 holds all keys below the range
 * and the last one all above.
 *
 * @param low clamps keys below
 * @param high clamps keys above
 * @param shift binary logarithm of the width
 */
record KeyWindow(int low, int high, int shift) {
  /** The window of no keys: all have one bucket. */
  static final KeyWindow NONE = new KeyWindow(0, 0, 0);

  private static final int BITS = 9;

  /**
   * The window around two keys of finite numbers, both of which are inside. The widest bucket is as
   * wide as the room between finite keys and those at the ends of int: nothing overflows.
   */
  static KeyWindow around(int first, int last) {
    int shift = Math.max(0, Integer.SIZE - Integer.numberOfLeadingZeros(last - first) - BITS);
    int low = first - (1 << shift);
    int lastBucket = (last - low) >>> shift;
    return new KeyWindow(low, low + ((lastBucket + 1) << shift), shift);
  }

  /** How many buckets there are. */
  int buckets() {
    return ((high - low) >>> shift) + 1;
  }

  /** The bucket of a key. */
  int bucket(int key) {
    return (Math.clamp(key, low, high) - low) >>> shift;
  }

  /** Adds the buckets of each key in three windows to what stands there. */
  static void addBuckets(
      int[] keys, int count, KeyWindow first, KeyWindow second, KeyWindow third, int[] buckets) {
    int lowA = first.low;
    int highA = first.high;
    int shiftA = first.shift;
    int lowB = second.low;
    int highB = second.high;
    int shiftB = second.shift;
    int lowC = third.low;
    int highC = third.high;
    int shiftC = third.shift;
    for (int i = 0; i < count; i++) {
      int key = keys[i];
      int a = (Math.min(Math.max(key, lowA), highA) - lowA) >>> shiftA;
      int b = (Math.min(Math.max(key, lowB), highB) - lowB) >>> shiftB;
      int c = (Math.min(Math.max(key, lowC), highC) - lowC) >>> shiftC;
      buckets[i] += a + b + c;
    }
  }
}
