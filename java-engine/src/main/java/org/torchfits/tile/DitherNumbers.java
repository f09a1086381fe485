package org.torchfits.tile;

/**
 * The random numbers of subtractive dithering, and which of them belongs to which pixel (FITS 4.0,
 * section 10.2 and appendix I).
 */
final class DitherNumbers {
  static final int COUNT = 10_000;

  /** 0 to 1, rounded to single precision as all who write such files do. */
  static final double[] VALUES = generate();

  private DitherNumbers() {}

  /** Park and Miller's generator; its 10,000th state is 1,043,618,065. */
  private static double[] generate() {
    double[] values = new double[COUNT];
    long state = 1;
    for (int i = 0; i < COUNT; i++) {
      state = state * 16_807 % 2_147_483_647;
      values[i] = (float) (state / 2_147_483_647.0);
    }
    return values;
  }

  /**
   * A tile's way through the numbers: from a place that its seed chooses to the end, and again from
   * the place that the next number chooses.
   */
  static final class Walk {
    private static final int STARTS = 500;

    private int seed;
    private int next;

    /**
     * @param seed index of the number that chooses the first place, modulo 10,000
     */
    Walk(long seed) {
      this.seed = (int) Math.floorMod(seed, (long) COUNT);
      this.next = start(this.seed);
    }

    private static int start(int seed) {
      return (int) (VALUES[seed] * STARTS);
    }

    /** How many numbers follow each other until the next jump; at least one. */
    int left() {
      return COUNT - next;
    }

    /**
     * Index of the next of {@code count} numbers that follow each other.
     *
     * @param count at most {@link #left()}
     */
    int take(int count) {
      int first = next;
      next += count;
      if (next == COUNT) {
        seed = (seed + 1) % COUNT;
        next = start(seed);
      }
      return first;
    }
  }
}
