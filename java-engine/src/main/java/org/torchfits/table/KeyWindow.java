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

  /** The first key that is not below the range. */
  int first() {
    return low + (1 << shift);
  }

  /** How many buckets there are. */
  int buckets() {
    return ((high - low) >>> shift) + 1;
  }

  /** The bucket of a key. */
  int bucket(int key) {
    return (Math.clamp(key, low, high) - low) >>> shift;
  }
}
