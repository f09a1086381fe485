package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Integers of one tile back to the floating-point values that they stand for (FITS 4.0, section
 * 10.2): {@code (integer - random + 0.5) * scale + zero} with dithering, {@code integer * scale +
 * zero} without, in double precision and rounded to the target's type at last, as cfitsio does.
 *
 * <p>Values pass through small arrays, of whose loops C2 makes vector instructions. An instance
 * belongs to one thread at a time, and serves one tile after the other.
 */
final class Dequantizer {
  /** What stands for zero with {@link Dither#SUBTRACTIVE_DITHER_2}. */
  static final int ZERO_VALUE = -2147483646;

  private static final int CHUNK = 1024;

  private final Dither dither;
  private final int ditherSeed;
  private final int[] integers = new int[CHUNK];
  private final double[] values = new double[CHUNK];
  private final float[] floats = new float[CHUNK];

  /**
   * @param ditherSeed ZDITHER0, 1 to 10,000; of no meaning without dithering
   */
  Dequantizer(Dither dither, int ditherSeed) {
    this.dither = dither;
    this.ditherSeed = ditherSeed;
  }

  /**
   * The values of a tile, in their order.
   *
   * @param source integers of 4 bytes in native byte order
   * @param tile number of the tile, from 0: its row in the table
   * @param target takes {@code count} values in native byte order
   * @param floatBytes of a value: 4 or 8
   */
  void toFloats(
      MemorySegment source,
      TileScaling scaling,
      long tile,
      MemorySegment target,
      int floatBytes,
      int count) {
    DitherNumbers.Walk walk = new DitherNumbers.Walk(tile + ditherSeed - 1);
    for (int done = 0; done < count; ) {
      int part = convert(source, scaling, done, count - done, walk);
      if (floatBytes == Float.BYTES) {
        narrow(values, floats, part);
        MemorySegment.copy(floats, 0, target, JAVA_FLOAT_UNALIGNED, 4L * done, part);
      } else {
        MemorySegment.copy(values, 0, target, JAVA_DOUBLE_UNALIGNED, 8L * done, part);
      }
      done += part;
    }
  }

  /** Fills the array of values with up to {@code most} of them, and returns how many. */
  private int convert(
      MemorySegment source, TileScaling scaling, int first, int most, DitherNumbers.Walk walk) {
    int count = Math.min(most, CHUNK);
    if (dither == Dither.NO_DITHER) {
      load(source, first, count);
      scale(integers, values, count, scaling.scale(), scaling.zero());
    } else {
      count = Math.min(count, walk.left());
      load(source, first, count);
      int random = walk.take(count);
      scale(integers, random, values, count, scaling.scale(), scaling.zero());
    }
    if (dither == Dither.SUBTRACTIVE_DITHER_2) {
      replace(integers, ZERO_VALUE, values, 0.0, count);
    }
    if (scaling.hasBlank()) {
      replace(integers, scaling.blank(), values, Double.NaN, count);
    }
    return count;
  }

  private void load(MemorySegment source, long first, int count) {
    MemorySegment.copy(source, JAVA_INT_UNALIGNED, 4 * first, integers, 0, count);
  }

  private static void scale(int[] integers, double[] values, int count, double scale, double zero) {
    for (int i = 0; i < count; i++) {
      values[i] = integers[i] * scale + zero;
    }
  }

  /** The order of the operations decides how they are rounded. */
  private static void scale(
      int[] integers, int random, double[] values, int count, double scale, double zero) {
    double[] randoms = DitherNumbers.VALUES;
    for (int i = 0; i < count; i++) {
      values[i] = (integers[i] - randoms[random + i] + 0.5) * scale + zero;
    }
  }

  private static void replace(
      int[] integers, int mark, double[] values, double replacement, int count) {
    for (int i = 0; i < count; i++) {
      if (integers[i] == mark) {
        values[i] = replacement;
      }
    }
  }

  private static void narrow(double[] values, float[] floats, int count) {
    for (int i = 0; i < count; i++) {
      floats[i] = (float) values[i];
    }
  }
}
