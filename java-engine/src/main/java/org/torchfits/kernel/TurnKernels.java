package org.torchfits.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Rows that are turned round, and blocks whose rows become columns; the bytes of values stay as
 * they are.
 *
 * <p>One plain loop a method and native segments only.
 */
public final class TurnKernels {
  /** Rows and columns of a block: what is read of it stays in a core's L1 cache. */
  private static final int BLOCK = 32;

  private static final long LOW_HALF = 0xFFFF_FFFFL;

  private TurnKernels() {}

  /**
   * Writes a row in the opposite order.
   *
   * @param valueBytes 1, 2, 4 or 8
   * @param source the values of the row and nothing else
   * @param target likewise
   */
  public static void reverse(int valueBytes, MemorySegment source, MemorySegment target) {
    int count = (int) (source.byteSize() / valueBytes);
    switch (valueBytes) {
      case 1 -> reverse1(source, target, count);
      case 2 -> reverse2(source, target, count);
      case 4 -> reverse4(source, target, count);
      default -> reverse8(source, target, count);
    }
  }

  private static void reverse1(MemorySegment source, MemorySegment target, int count) {
    for (int i = 0; i < count; i++) {
      target.set(JAVA_BYTE, i, source.get(JAVA_BYTE, count - 1 - i));
    }
  }

  private static void reverse2(MemorySegment source, MemorySegment target, int count) {
    for (int i = 0; i < count; i++) {
      short value = source.get(JAVA_SHORT_UNALIGNED, 2L * (count - 1 - i));
      target.set(JAVA_SHORT_UNALIGNED, 2L * i, value);
    }
  }

  /** Two values are one long, whose halves change places. */
  private static void reverse4(MemorySegment source, MemorySegment target, int count) {
    int pairs = count / 2;
    for (int i = 0; i < pairs; i++) {
      long pair = source.get(JAVA_LONG_UNALIGNED, 4L * (count - 2 - 2 * i));
      target.set(JAVA_LONG_UNALIGNED, 8L * i, Long.rotateLeft(pair, Integer.SIZE));
    }
    if (count % 2 != 0) {
      target.set(JAVA_INT_UNALIGNED, 8L * pairs, source.get(JAVA_INT_UNALIGNED, 0));
    }
  }

  private static void reverse8(MemorySegment source, MemorySegment target, int count) {
    for (int i = 0; i < count; i++) {
      long value = source.get(JAVA_LONG_UNALIGNED, 8L * (count - 1 - i));
      target.set(JAVA_LONG_UNALIGNED, 8L * i, value);
    }
  }

  /**
   * Writes a plane whose rows become columns: value (row, column) of the target is that of the
   * source at {@code first + row * rowDistance + column * columnDistance}.
   *
   * @param valueBytes 1, 2, 4 or 8
   * @param source a plane, at most 2 GiB
   * @param rowDistance in bytes, those of a value, or their negative
   * @param columnDistance in bytes; may be negative
   * @param target of {@code height * width} values and nothing else
   * @param height number of rows of the target
   * @param width number of columns of the target
   */
  public static void transpose(
      int valueBytes,
      MemorySegment source,
      int first,
      int rowDistance,
      int columnDistance,
      MemorySegment target,
      int height,
      int width) {
    for (int row = 0; row < height; row += BLOCK) {
      int endRow = Math.min(height, row + BLOCK);
      for (int column = 0; column < width; column += BLOCK) {
        int n = Math.min(BLOCK, width - column);
        int i = row;
        for (; valueBytes == Integer.BYTES && i + 1 < endRow; i += 2) {
          int from = first + i * rowDistance + column * columnDistance;
          gatherPair4(
              source, from, rowDistance, columnDistance, target, i * width + column, width, n);
        }
        for (; i < endRow; i++) {
          int from = first + i * rowDistance + column * columnDistance;
          long to = ((long) i * width + column) * valueBytes;
          GatherKernels.gather(valueBytes, source, from, columnDistance, target, to, n);
        }
      }
    }
  }

  /**
   * Packs two rows of the target, whose values are neighbours in the source: squares of four values
   * are read and written as longs, which takes half as long as value by value.
   *
   * @param rowDistance 4 or -4
   * @param place of the first value in the target, in values
   */
  private static void gatherPair4(
      MemorySegment source,
      int from,
      int rowDistance,
      int distance,
      MemorySegment target,
      int place,
      int width,
      int n) {
    int latter = rowDistance > 0 ? Integer.SIZE : 0;
    int former = Integer.SIZE - latter;
    int at = from + Math.min(0, rowDistance);
    for (int i = 0; i + 1 < n; i += 2) {
      long one = source.get(JAVA_LONG_UNALIGNED, at);
      long other = source.get(JAVA_LONG_UNALIGNED, at + distance);
      long upper = (one >>> former & LOW_HALF) | other >>> former << Integer.SIZE;
      long lower = (one >>> latter & LOW_HALF) | other >>> latter << Integer.SIZE;
      target.set(JAVA_LONG_UNALIGNED, 4L * (place + i), upper);
      target.set(JAVA_LONG_UNALIGNED, 4L * (place + width + i), lower);
      at += 2 * distance;
    }
    if (n % 2 != 0) {
      int last = from + (n - 1) * distance;
      int end = place + n - 1;
      target.set(JAVA_INT_UNALIGNED, 4L * end, source.get(JAVA_INT_UNALIGNED, last));
      int next = source.get(JAVA_INT_UNALIGNED, last + rowDistance);
      target.set(JAVA_INT_UNALIGNED, 4L * (end + width), next);
    }
  }
}
