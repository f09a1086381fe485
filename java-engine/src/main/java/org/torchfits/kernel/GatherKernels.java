package org.torchfits.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Values at equal distances, packed; their bytes stay as they are.
 *
 * <p>One plain loop a method and native segments only.
 */
public final class GatherKernels {
  /** Less is copied value by value sooner than by a call that copies memory. */
  private static final long COPIED_BYTES = 64;

  private GatherKernels() {}

  /**
   * Packs {@code count} values.
   *
   * @param valueBytes 1, 2, 4 or 8
   * @param sourceOffset of the first value, in bytes
   * @param distance from one value to the next, in bytes; may be negative
   */
  public static void gather(
      int valueBytes,
      MemorySegment source,
      long sourceOffset,
      long distance,
      MemorySegment target,
      long targetOffset,
      long count) {
    if (distance == valueBytes && count * valueBytes >= COPIED_BYTES) {
      MemorySegment.copy(source, sourceOffset, target, targetOffset, count * valueBytes);
      return;
    }
    switch (valueBytes) {
      case 1 -> gather1(source, sourceOffset, distance, target, targetOffset, count);
      case 2 -> gather2(source, sourceOffset, distance, target, targetOffset, count);
      case 4 -> gather4(source, sourceOffset, distance, target, targetOffset, count);
      default -> gather8(source, sourceOffset, distance, target, targetOffset, count);
    }
  }

  /**
   * Packs {@code count} fields of any size.
   *
   * @see #gather for the parameters
   */
  public static void gatherFields(
      long fieldBytes,
      MemorySegment source,
      long sourceOffset,
      long distance,
      MemorySegment target,
      long targetOffset,
      int count) {
    if (fieldBytes == 1 || fieldBytes == 2 || fieldBytes == 4 || fieldBytes == 8) {
      gather((int) fieldBytes, source, sourceOffset, distance, target, targetOffset, count);
    } else if (distance == fieldBytes) {
      MemorySegment.copy(source, sourceOffset, target, targetOffset, count * fieldBytes);
    } else {
      for (int i = 0; i < count; i++) {
        MemorySegment.copy(
            source, sourceOffset + i * distance, target, targetOffset + i * fieldBytes, fieldBytes);
      }
    }
  }

  /**
   * Packs {@code count} numbers and swaps their bytes.
   *
   * @param valueBytes 1, 2, 4 or 8
   * @param distance from one value to the next, in bytes; may be negative
   * @see #gather for the other parameters
   */
  public static void gatherSwapped(
      int valueBytes,
      MemorySegment source,
      long sourceOffset,
      long distance,
      MemorySegment target,
      long targetOffset,
      int count) {
    int first = Math.toIntExact(sourceOffset);
    int step = Math.toIntExact(distance);
    switch (valueBytes) {
      case 1 -> gather1(source, sourceOffset, distance, target, targetOffset, count);
      case 2 -> gatherSwapped2(source, first, step, target, targetOffset, count);
      case 4 -> gatherSwapped4(source, first, step, target, targetOffset, count);
      default -> gatherSwapped8(source, first, step, target, targetOffset, count);
    }
  }

  private static void gatherSwapped2(
      MemorySegment source, int first, int step, MemorySegment target, long place, int count) {
    int at = first;
    for (int i = 0; i < count; i++) {
      short value = source.get(JAVA_SHORT_UNALIGNED, at);
      target.set(JAVA_SHORT_UNALIGNED, place + 2L * i, Short.reverseBytes(value));
      at += step;
    }
  }

  /**
   * Two numbers become one long, whose bytes are swapped at once. The slice has the only check of
   * bounds in the loop: where in it the two stand does not change.
   */
  private static void gatherSwapped4(
      MemorySegment source, int first, int step, MemorySegment target, long place, int count) {
    int pairs = count / 2;
    int low = Math.min(0, step);
    long span = Math.abs((long) step) + Integer.BYTES;
    long one = -low;
    long other = step - (long) low;
    int at = first + low;
    for (int i = 0; i < pairs; i++) {
      MemorySegment pair = source.asSlice(at, span);
      long former = (long) pair.get(JAVA_INT_UNALIGNED, one) << Integer.SIZE;
      long latter = Integer.toUnsignedLong(pair.get(JAVA_INT_UNALIGNED, other));
      target.set(JAVA_LONG_UNALIGNED, place + 8L * i, Long.reverseBytes(former | latter));
      at += 2 * step;
    }
    if (count % 2 != 0) {
      int value = source.get(JAVA_INT_UNALIGNED, at - low);
      target.set(JAVA_INT_UNALIGNED, place + 8L * pairs, Integer.reverseBytes(value));
    }
  }

  private static void gatherSwapped8(
      MemorySegment source, int first, int step, MemorySegment target, long place, int count) {
    int pairs = count / 2;
    int low = Math.min(0, step);
    long span = Math.abs((long) step) + Long.BYTES;
    long one = -low;
    long other = step - (long) low;
    int at = first + low;
    for (int i = 0; i < pairs; i++) {
      MemorySegment pair = source.asSlice(at, span);
      MemorySegment result = target.asSlice(place + 16L * i, 16);
      long former = Long.reverseBytes(pair.get(JAVA_LONG_UNALIGNED, one));
      long latter = Long.reverseBytes(pair.get(JAVA_LONG_UNALIGNED, other));
      result.set(JAVA_LONG_UNALIGNED, 0, former);
      result.set(JAVA_LONG_UNALIGNED, Long.BYTES, latter);
      at += 2 * step;
    }
    if (count % 2 != 0) {
      long value = source.get(JAVA_LONG_UNALIGNED, at - low);
      target.set(JAVA_LONG_UNALIGNED, place + 16L * pairs, Long.reverseBytes(value));
    }
  }

  private static void gather1(
      MemorySegment source,
      long sourceOffset,
      long distance,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      target.set(JAVA_BYTE, targetOffset + i, source.get(JAVA_BYTE, sourceOffset + i * distance));
    }
  }

  private static void gather2(
      MemorySegment source,
      long sourceOffset,
      long distance,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      target.set(
          JAVA_SHORT_UNALIGNED,
          targetOffset + 2 * i,
          source.get(JAVA_SHORT_UNALIGNED, sourceOffset + i * distance));
    }
  }

  private static void gather4(
      MemorySegment source,
      long sourceOffset,
      long distance,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      target.set(
          JAVA_INT_UNALIGNED,
          targetOffset + 4 * i,
          source.get(JAVA_INT_UNALIGNED, sourceOffset + i * distance));
    }
  }

  private static void gather8(
      MemorySegment source,
      long sourceOffset,
      long distance,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      target.set(
          JAVA_LONG_UNALIGNED,
          targetOffset + 8 * i,
          source.get(JAVA_LONG_UNALIGNED, sourceOffset + i * distance));
    }
  }
}
