package org.torchfits.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.BIG_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Big-endian to native order, and the same with the sign bit flipped for the unsigned conventions
 * (FITS 4.0, table 11), as {code PixelDecoder} has it. Source and target may be the same place.
 *
 * <p>The bytes are brought to their place first and changed there: a plain loop over one native
 * segment with an {@code int} index is what C2 turns into vector instructions, 90 GB/s in a core's
 * cache. With a {@code long} index, or from one segment to another, it does not, and takes five
 * times as long.
 */
public final class SwapKernels {
  /**
   * Elements that are swapped by the JVM's own code at first. The loops are interpreted until they
   * are hot, which takes as long for the first batch of small images as all the rest.
   */
  static final int COLD_ELEMENTS = 1 << 22;

  private static final ValueLayout.OfShort SHORT = JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);
  private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(BIG_ENDIAN);
  private static final ValueLayout.OfLong LONG = JAVA_LONG_UNALIGNED.withOrder(BIG_ENDIAN);

  /** How many of them are left; threads that count at once may lose some. */
  static int cold = COLD_ELEMENTS;

  private SwapKernels() {}

  public static void copy1(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    bring(source, sourceOffset, target, targetOffset, count);
  }

  public static void flip1(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    bring(source, sourceOffset, target, targetOffset, count);
    SignKernels.flip1(target.asSlice(targetOffset, count), Math.toIntExact(count));
  }

  public static void swap2(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    if (isCold(count)) {
      MemorySegment.copy(
          source, SHORT, sourceOffset, target, JAVA_SHORT_UNALIGNED, targetOffset, count);
      return;
    }
    bring(source, sourceOffset, target, targetOffset, 2 * count);
    int values = Math.toIntExact(count);
    for (int i = 0; i < values; i++) {
      short value = target.get(JAVA_SHORT_UNALIGNED, targetOffset + 2L * i);
      target.set(JAVA_SHORT_UNALIGNED, targetOffset + 2L * i, Short.reverseBytes(value));
    }
  }

  public static void flip2(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    bring(source, sourceOffset, target, targetOffset, 2 * count);
    int values = Math.toIntExact(count);
    for (int i = 0; i < values; i++) {
      short value = Short.reverseBytes(target.get(JAVA_SHORT_UNALIGNED, targetOffset + 2L * i));
      target.set(JAVA_SHORT_UNALIGNED, targetOffset + 2L * i, (short) (value ^ Short.MIN_VALUE));
    }
  }

  public static void swap4(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    if (isCold(count)) {
      MemorySegment.copy(
          source, INT, sourceOffset, target, JAVA_INT_UNALIGNED, targetOffset, count);
      return;
    }
    bring(source, sourceOffset, target, targetOffset, 4 * count);
    int values = Math.toIntExact(count);
    for (int i = 0; i < values; i++) {
      int value = target.get(JAVA_INT_UNALIGNED, targetOffset + 4L * i);
      target.set(JAVA_INT_UNALIGNED, targetOffset + 4L * i, Integer.reverseBytes(value));
    }
  }

  public static void flip4(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    bring(source, sourceOffset, target, targetOffset, 4 * count);
    int values = Math.toIntExact(count);
    for (int i = 0; i < values; i++) {
      int value = Integer.reverseBytes(target.get(JAVA_INT_UNALIGNED, targetOffset + 4L * i));
      target.set(JAVA_INT_UNALIGNED, targetOffset + 4L * i, value ^ Integer.MIN_VALUE);
    }
  }

  public static void swap8(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    if (isCold(count)) {
      MemorySegment.copy(
          source, LONG, sourceOffset, target, JAVA_LONG_UNALIGNED, targetOffset, count);
      return;
    }
    bring(source, sourceOffset, target, targetOffset, 8 * count);
    int values = Math.toIntExact(count);
    for (int i = 0; i < values; i++) {
      long value = target.get(JAVA_LONG_UNALIGNED, targetOffset + 8L * i);
      target.set(JAVA_LONG_UNALIGNED, targetOffset + 8L * i, Long.reverseBytes(value));
    }
  }

  public static void flip8(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    bring(source, sourceOffset, target, targetOffset, 8 * count);
    int values = Math.toIntExact(count);
    for (int i = 0; i < values; i++) {
      long value = Long.reverseBytes(target.get(JAVA_LONG_UNALIGNED, targetOffset + 8L * i));
      target.set(JAVA_LONG_UNALIGNED, targetOffset + 8L * i, value ^ Long.MIN_VALUE);
    }
  }

  private static boolean isCold(long count) {
    if (cold <= 0) {
      return false;
    }
    cold -= Math.toIntExact(count);
    return true;
  }

  private static void bring(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long bytes) {
    if (source.address() + sourceOffset != target.address() + targetOffset) {
      MemorySegment.copy(source, sourceOffset, target, targetOffset, bytes);
    }
  }
}
