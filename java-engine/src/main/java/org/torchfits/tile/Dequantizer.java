package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

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
   * Some of a tile's values, in their order.
   *
   * @param source integers in native byte order; the tile's first pixel is at offset 0
   * @param width bytes of an integer: 1 (unsigned), 2 or 4
   * @param tile number of the tile, from 0: its row in the table
   * @param first number of the first pixel to convert within the tile, from 0
   * @param target takes {@code count} floats in native byte order
   */
  void toFloats(
      MemorySegment source,
      int width,
      TileScaling scaling,
      long tile,
      int first,
      MemorySegment target,
      int count) {
    DitherNumbers.Walk walk = walk(tile, first);
    for (int done = 0; done < count; ) {
      int part = convert(source, width, scaling, first + done, count - done, walk);
      narrow(values, floats, part);
      MemorySegment.copy(floats, 0, target, JAVA_FLOAT_UNALIGNED, 4L * done, part);
      done += part;
    }
  }

  /** As {@link #toFloats}, to doubles. */
  void toDoubles(
      MemorySegment source,
      int width,
      TileScaling scaling,
      long tile,
      int first,
      MemorySegment target,
      int count) {
    DitherNumbers.Walk walk = walk(tile, first);
    for (int done = 0; done < count; ) {
      int part = convert(source, width, scaling, first + done, count - done, walk);
      MemorySegment.copy(values, 0, target, JAVA_DOUBLE_UNALIGNED, 8L * done, part);
      done += part;
    }
  }

  private DitherNumbers.Walk walk(long tile, int first) {
    return new DitherNumbers.Walk(tile + ditherSeed - 1, first);
  }

  /** Fills the array of values with up to {@code most} of them, and returns how many. */
  private int convert(
      MemorySegment source,
      int width,
      TileScaling scaling,
      int first,
      int most,
      DitherNumbers.Walk walk) {
    int count = Math.min(most, CHUNK);
    if (dither == Dither.NO_DITHER) {
      load(source, width, first, count);
      scale(integers, values, count, scaling.scale(), scaling.zero());
    } else {
      count = Math.min(count, walk.left());
      load(source, width, first, count);
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

  private void load(MemorySegment source, int width, long first, int count) {
    switch (width) {
      case 1 -> loadBytes(source, first, integers, count);
      case 2 -> loadShorts(source, first, integers, count);
      default -> MemorySegment.copy(source, JAVA_INT_UNALIGNED, 4 * first, integers, 0, count);
    }
  }

  private static void loadBytes(MemorySegment source, long first, int[] integers, int count) {
    for (int i = 0; i < count; i++) {
      integers[i] = source.get(JAVA_BYTE, first + i) & 0xFF;
    }
  }

  private static void loadShorts(MemorySegment source, long first, int[] integers, int count) {
    for (int i = 0; i < count; i++) {
      integers[i] = source.get(JAVA_SHORT_UNALIGNED, 2 * (first + i));
    }
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
