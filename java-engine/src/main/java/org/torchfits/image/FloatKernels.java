package org.torchfits.image;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Loops that make floating numbers. Scaling is in double precision, as cfitsio does it, and rounded
 * once.
 *
 * <p>One plain loop over arrays a method: that is what C2 turns into vector instructions. {@code n}
 * is the number of values, from index 0 on.
 */
final class FloatKernels {
  private static final int INFINITY_BITS = 0x7F80_0000;
  private static final int MAGNITUDE_BITS = 0x7FFF_FFFF;
  private static final int BFLOAT16_NAN = 0x7FC0;
  private static final int BFLOAT16_HALF = 0x7FFF;

  private FloatKernels() {}

  static void flipSigns(byte[] values, int n) {
    for (int i = 0; i < n; i++) {
      values[i] ^= Byte.MIN_VALUE;
    }
  }

  /** Unsigned bytes whose sign bits were flipped: loops over signed ones are vectorised. */
  static void flippedBytesToFloats(byte[] from, float[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = from[i] + 128f;
    }
  }

  static void shortsToFloats(short[] from, float[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = from[i];
    }
  }

  static void intsToDoubles(int[] from, double[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = from[i];
    }
  }

  static void longsToDoubles(long[] from, double[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = from[i];
    }
  }

  static void longsToFloats(long[] from, float[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = from[i];
    }
  }

  /**
   * Stored values of unsigned 64-bit numbers. Adding BZERO to a double would round twice, and so
   * would a double on the way to a float.
   */
  static void unsignedToFloats(long[] from, float[] to, int n) {
    for (int i = 0; i < n; i++) {
      long value = from[i] ^ Long.MIN_VALUE;
      to[i] = value >= 0 ? value : (float) halved(value) * 2;
    }
  }

  static void unsignedToDoubles(long[] from, double[] to, int n) {
    for (int i = 0; i < n; i++) {
      long value = from[i] ^ Long.MIN_VALUE;
      to[i] = value >= 0 ? value : (double) halved(value) * 2;
    }
  }

  /** Half of an unsigned number; the bit that would get lost is kept where rounding looks at it. */
  private static long halved(long value) {
    return (value >>> 1) | (value & 1);
  }

  static void floatsToDoubles(float[] from, double[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = from[i];
    }
  }

  static void scale(float[] values, double scale, double zero, int n) {
    for (int i = 0; i < n; i++) {
      values[i] = (float) (values[i] * scale + zero);
    }
  }

  static void scale(float[] from, double scale, double zero, double[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = from[i] * scale + zero;
    }
  }

  static void scale(double[] values, double scale, double zero, int n) {
    for (int i = 0; i < n; i++) {
      values[i] = values[i] * scale + zero;
    }
  }

  static void scale(double[] from, double scale, double zero, float[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = (float) (from[i] * scale + zero);
    }
  }

  static void subtract(float[] values, float offset, int n) {
    for (int i = 0; i < n; i++) {
      values[i] -= offset;
    }
  }

  static void subtract(float[] values, float[] offsets, int n) {
    for (int i = 0; i < n; i++) {
      values[i] -= offsets[i];
    }
  }

  static void multiply(float[] values, float gain, int n) {
    for (int i = 0; i < n; i++) {
      values[i] *= gain;
    }
  }

  static void multiply(float[] values, float[] gains, int n) {
    for (int i = 0; i < n; i++) {
      values[i] *= gains[i];
    }
  }

  static void replaceByNaN(float[] values, float blank, int n) {
    for (int i = 0; i < n; i++) {
      if (values[i] == blank) {
        values[i] = Float.NaN;
      }
    }
  }

  static void replaceByNaN(double[] values, double blank, int n) {
    for (int i = 0; i < n; i++) {
      if (values[i] == blank) {
        values[i] = Double.NaN;
      }
    }
  }

  /** For stored values that a double does not hold. */
  static void replaceByNaN(long[] stored, long blank, double[] values, int n) {
    for (int i = 0; i < n; i++) {
      if (stored[i] == blank) {
        values[i] = Double.NaN;
      }
    }
  }

  static void replaceByNaN(long[] stored, long blank, float[] values, int n) {
    for (int i = 0; i < n; i++) {
      if (stored[i] == blank) {
        values[i] = Float.NaN;
      }
    }
  }

  /** To IEEE 754 binary16, ties to even. */
  static void floatsToFloat16(float[] from, short[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = Float.floatToFloat16(from[i]);
    }
  }

  /** To bfloat16, ties to even: two values in each long of {@code pairs} become one int. */
  static void floatsToBfloat16(float[] from, int[] between, short[] to, int n) {
    roundToBfloat16(MemorySegment.ofArray(from), between, n);
    packLowHalves(MemorySegment.ofArray(between), MemorySegment.ofArray(to), (n + 1) / 2);
  }

  /** NaN of every kind becomes the one that torch has. */
  private static void roundToBfloat16(MemorySegment floats, int[] to, int n) {
    for (int i = 0; i < n; i++) {
      int bits = floats.get(JAVA_INT_UNALIGNED, 4L * i);
      int ifNaN = (INFINITY_BITS - (bits & MAGNITUDE_BITS)) >> 31;
      int rounded = (bits + BFLOAT16_HALF + ((bits >>> 16) & 1)) >>> 16;
      to[i] = (rounded & ~ifNaN) | (BFLOAT16_NAN & ifNaN);
    }
  }

  /** C2 makes no vector instructions of ints that become shorts, but of longs that become ints. */
  private static void packLowHalves(MemorySegment ints, MemorySegment shorts, int pairs) {
    for (int i = 0; i < pairs; i++) {
      long pair = ints.get(JAVA_LONG_UNALIGNED, 8L * i);
      shorts.set(JAVA_INT_UNALIGNED, 4L * i, (int) (pair | pair >>> 16));
    }
  }
}
