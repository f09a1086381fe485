package org.torchfits.image;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Big-endian to native order, and the same with the sign bit flipped for the unsigned conventions
 * (FITS 4.0, table 11).
 *
 * <p>One plain loop a method and native segments only: that is what C2 turns into vector
 * instructions.
 */
final class SwapKernels {
  private static final ValueLayout.OfShort SHORT =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final long EVEN_BYTES = 0x00FF00FF00FF00FFL;
  private static final long SIGN_BITS_2 = 0x8000800080008000L;

  private SwapKernels() {}

  static void copy1(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    MemorySegment.copy(source, sourceOffset, target, targetOffset, count);
  }

  static void flip1(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      target.set(
          JAVA_BYTE, targetOffset + i, (byte) (source.get(JAVA_BYTE, sourceOffset + i) ^ 0x80));
    }
  }

  static void swap2(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    swapPairs(source, sourceOffset, target, targetOffset, count, 0);
  }

  static void flip2(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    swapPairs(source, sourceOffset, target, targetOffset, count, SIGN_BITS_2);
  }

  /** Four values a step: swapping the bytes of pairs within a long is faster than single shorts. */
  private static void swapPairs(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count,
      long flip) {
    long longs = count / 4;
    for (long i = 0; i < longs; i++) {
      long x = source.get(JAVA_LONG_UNALIGNED, sourceOffset + 8 * i);
      long swapped = ((x & EVEN_BYTES) << 8) | ((x >>> 8) & EVEN_BYTES);
      target.set(JAVA_LONG_UNALIGNED, targetOffset + 8 * i, swapped ^ flip);
    }
    for (long i = 4 * longs; i < count; i++) {
      short value = (short) (source.get(SHORT, sourceOffset + 2 * i) ^ flip);
      target.set(JAVA_SHORT_UNALIGNED, targetOffset + 2 * i, value);
    }
  }

  static void swap4(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      target.set(JAVA_INT_UNALIGNED, targetOffset + 4 * i, source.get(INT, sourceOffset + 4 * i));
    }
  }

  static void flip4(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      target.set(
          JAVA_INT_UNALIGNED,
          targetOffset + 4 * i,
          source.get(INT, sourceOffset + 4 * i) ^ Integer.MIN_VALUE);
    }
  }

  static void swap8(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      target.set(JAVA_LONG_UNALIGNED, targetOffset + 8 * i, source.get(LONG, sourceOffset + 8 * i));
    }
  }

  static void flip8(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      target.set(
          JAVA_LONG_UNALIGNED,
          targetOffset + 8 * i,
          source.get(LONG, sourceOffset + 8 * i) ^ Long.MIN_VALUE);
    }
  }
}
