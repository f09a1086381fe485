package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Native order to big-endian, of values that stand together to rows of {@code stride} bytes each.
 * {@code flip} is what the stored bits differ by, the sign bit or 0.
 */
final class EncoderKernels {
  private EncoderKernels() {}

  /** Truth values as FITS writes them. */
  static void letters(MemorySegment values) {
    int n = Math.toIntExact(values.byteSize());
    for (int i = 0; i < n; i++) {
      values.set(JAVA_BYTE, i, letter(values.get(JAVA_BYTE, i)));
    }
  }

  private static byte letter(byte value) {
    return (byte) (value == 0 ? 'F' : 'T');
  }

  static void spread1(
      MemorySegment source, MemorySegment target, int offset, int stride, byte flip) {
    int n = Math.toIntExact(source.byteSize());
    for (int i = 0; i < n; i++) {
      byte value = source.get(JAVA_BYTE, i);
      target.set(JAVA_BYTE, offset + i * stride, (byte) (value ^ flip));
    }
  }

  static void spreadLetters(MemorySegment source, MemorySegment target, int offset, int stride) {
    int n = Math.toIntExact(source.byteSize());
    for (int i = 0; i < n; i++) {
      target.set(JAVA_BYTE, offset + i * stride, letter(source.get(JAVA_BYTE, i)));
    }
  }

  static void spread2(
      MemorySegment source, MemorySegment target, int offset, int stride, short flip) {
    int n = Math.toIntExact(source.byteSize() / Short.BYTES);
    for (int i = 0; i < n; i++) {
      short value = source.get(JAVA_SHORT_UNALIGNED, 2L * i);
      target.set(
          JAVA_SHORT_UNALIGNED, offset + i * stride, Short.reverseBytes((short) (value ^ flip)));
    }
  }

  static void spread4(
      MemorySegment source, MemorySegment target, int offset, int stride, int flip) {
    int n = Math.toIntExact(source.byteSize() / Integer.BYTES);
    for (int i = 0; i < n; i++) {
      int value = source.get(JAVA_INT_UNALIGNED, 4L * i);
      target.set(JAVA_INT_UNALIGNED, offset + i * stride, Integer.reverseBytes(value ^ flip));
    }
  }

  static void spread8(
      MemorySegment source, MemorySegment target, int offset, int stride, long flip) {
    int n = Math.toIntExact(source.byteSize() / Long.BYTES);
    for (int i = 0; i < n; i++) {
      long value = source.get(JAVA_LONG_UNALIGNED, 8L * i);
      target.set(JAVA_LONG_UNALIGNED, offset + i * stride, Long.reverseBytes(value ^ flip));
    }
  }
}
