package org.torchfits.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Flips the sign bits of values in native byte order, in place: the unsigned conventions (FITS 4.0,
 * table 11).
 */
public final class SignKernels {
  private SignKernels() {}

  /**
   * Flips the sign bits.
   *
   * @param width bytes of a value
   */
  public static void flip(MemorySegment values, int width, int count) {
    switch (width) {
      case 1 -> flip1(values, count);
      case 2 -> flip2(values, count);
      case 4 -> flip4(values, count);
      default -> flip8(values, count);
    }
  }

  static void flip1(MemorySegment values, int count) {
    for (int i = 0; i < count; i++) {
      values.set(JAVA_BYTE, i, (byte) (values.get(JAVA_BYTE, i) ^ Byte.MIN_VALUE));
    }
  }

  private static void flip2(MemorySegment values, int count) {
    for (int i = 0; i < count; i++) {
      short flipped = (short) (values.get(JAVA_SHORT_UNALIGNED, 2L * i) ^ Short.MIN_VALUE);
      values.set(JAVA_SHORT_UNALIGNED, 2L * i, flipped);
    }
  }

  private static void flip4(MemorySegment values, int count) {
    for (int i = 0; i < count; i++) {
      int flipped = values.get(JAVA_INT_UNALIGNED, 4L * i) ^ Integer.MIN_VALUE;
      values.set(JAVA_INT_UNALIGNED, 4L * i, flipped);
    }
  }

  private static void flip8(MemorySegment values, int count) {
    for (int i = 0; i < count; i++) {
      long flipped = values.get(JAVA_LONG_UNALIGNED, 8L * i) ^ Long.MIN_VALUE;
      values.set(JAVA_LONG_UNALIGNED, 8L * i, flipped);
    }
  }
}
