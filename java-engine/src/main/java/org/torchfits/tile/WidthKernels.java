package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Integers from one width to another. A single byte is unsigned, as BITPIX 8 is; everything else
 * signed. Native byte order where nothing else is said.
 */
final class WidthKernels {
  private WidthKernels() {}

  /**
   * Makes int32 of integers of another width or byte order.
   *
   * @param width 1, 2 or 4 bytes
   */
  static void toInt32(
      MemorySegment source, int width, ByteOrder order, MemorySegment target, int count) {
    switch (width) {
      case 1 -> widen1(source, target, count);
      case 2 -> widen2(source, JAVA_SHORT_UNALIGNED.withOrder(order), target, count);
      default -> order4(source, JAVA_INT_UNALIGNED.withOrder(order), target, count);
    }
  }

  private static void widen1(MemorySegment source, MemorySegment target, int count) {
    for (int i = 0; i < count; i++) {
      target.set(JAVA_INT_UNALIGNED, 4L * i, source.get(JAVA_BYTE, i) & 0xFF);
    }
  }

  private static void widen2(
      MemorySegment source, ValueLayout.OfShort layout, MemorySegment target, int count) {
    for (int i = 0; i < count; i++) {
      target.set(JAVA_INT_UNALIGNED, 4L * i, source.get(layout, 2L * i));
    }
  }

  private static void order4(
      MemorySegment source, ValueLayout.OfInt layout, MemorySegment target, int count) {
    for (int i = 0; i < count; i++) {
      target.set(JAVA_INT_UNALIGNED, 4L * i, source.get(layout, 4L * i));
    }
  }

  /**
   * Makes integers of another width of int32, in native order.
   *
   * @param width 1, 2, 4 or 8 bytes
   * @param shift is added to each value
   * @param clip whether a value that does not fit becomes the nearest that does
   * @throws TileFormatException if a value does not fit and is not to be clipped
   */
  static void fromInt32(
      MemorySegment source, MemorySegment target, int width, int shift, boolean clip, int count) {
    if (width < 4 && !clip) {
      requireFit(source, width, shift, count);
    }
    switch (width) {
      case 1 -> narrow1(source, target, shift, count);
      case 2 -> narrow2(source, target, shift, count);
      case 4 -> shift4(source, target, shift, count);
      default -> widen8(source, target, shift, count);
    }
  }

  private static void requireFit(MemorySegment source, int width, int shift, int count) {
    int lowest = Integer.MAX_VALUE;
    int highest = Integer.MIN_VALUE;
    for (int i = 0; i < count; i++) {
      int value = source.get(JAVA_INT_UNALIGNED, 4L * i);
      lowest = Math.min(lowest, value);
      highest = Math.max(highest, value);
    }
    int floor = width == 1 ? 0 : Short.MIN_VALUE;
    int top = width == 1 ? 0xFF : Short.MAX_VALUE;
    if (count > 0 && ((long) lowest + shift < floor || (long) highest + shift > top)) {
      throw new TileFormatException(
          "values from " + lowest + " to " + highest + " do not fit into ZBITPIX = " + 8 * width);
    }
  }

  private static void narrow1(MemorySegment source, MemorySegment target, int shift, int count) {
    for (int i = 0; i < count; i++) {
      int value = source.get(JAVA_INT_UNALIGNED, 4L * i) + shift;
      target.set(JAVA_BYTE, i, (byte) Math.max(0, Math.min(0xFF, value)));
    }
  }

  private static void narrow2(MemorySegment source, MemorySegment target, int shift, int count) {
    for (int i = 0; i < count; i++) {
      int value = source.get(JAVA_INT_UNALIGNED, 4L * i) + shift;
      int clipped = Math.max(Short.MIN_VALUE, Math.min(Short.MAX_VALUE, value));
      target.set(JAVA_SHORT_UNALIGNED, 2L * i, (short) clipped);
    }
  }

  private static void shift4(MemorySegment source, MemorySegment target, int shift, int count) {
    for (int i = 0; i < count; i++) {
      target.set(JAVA_INT_UNALIGNED, 4L * i, source.get(JAVA_INT_UNALIGNED, 4L * i) + shift);
    }
  }

  private static void widen8(MemorySegment source, MemorySegment target, int shift, int count) {
    for (int i = 0; i < count; i++) {
      target.set(
          JAVA_LONG_UNALIGNED, 8L * i, (long) source.get(JAVA_INT_UNALIGNED, 4L * i) + shift);
    }
  }

  /**
   * Puts together values whose first bytes stand first, then all second ones and so on.
   *
   * @param planes {@code width} times {@code count} bytes, the most significant ones first
   * @param width 2, 4 or 8 bytes
   */
  static void unshuffle(MemorySegment planes, MemorySegment target, int width, int count) {
    switch (width) {
      case 2 -> unshuffle2(planes, target, count);
      case 4 -> unshuffle4(planes, target, count);
      default -> unshuffle8(planes, target, count);
    }
  }

  private static void unshuffle2(MemorySegment planes, MemorySegment target, int count) {
    for (int i = 0; i < count; i++) {
      int value = planes.get(JAVA_BYTE, i) << 8 | (planes.get(JAVA_BYTE, count + (long) i) & 0xFF);
      target.set(JAVA_SHORT_UNALIGNED, 2L * i, (short) value);
    }
  }

  private static void unshuffle4(MemorySegment planes, MemorySegment target, int count) {
    for (int i = 0; i < count; i++) {
      int value =
          planes.get(JAVA_BYTE, i) << 24
              | (planes.get(JAVA_BYTE, count + (long) i) & 0xFF) << 16
              | (planes.get(JAVA_BYTE, 2L * count + i) & 0xFF) << 8
              | (planes.get(JAVA_BYTE, 3L * count + i) & 0xFF);
      target.set(JAVA_INT_UNALIGNED, 4L * i, value);
    }
  }

  private static void unshuffle8(MemorySegment planes, MemorySegment target, int count) {
    for (int i = 0; i < count; i++) {
      long value = 0;
      for (int plane = 0; plane < 8; plane++) {
        value = value << 8 | (planes.get(JAVA_BYTE, (long) plane * count + i) & 0xFF);
      }
      target.set(JAVA_LONG_UNALIGNED, 8L * i, value);
    }
  }
}
