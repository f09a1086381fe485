package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Takes the values of one column out of rows.
 *
 * <p>One plain loop with an {@code int} index a method. {@code at} is the byte of the first value,
 * {@code stride} the bytes from one row to the next, {@code n} the number of rows.
 */
final class FieldKernels {
  private FieldKernels() {}

  static void floats(MemorySegment rows, int at, int stride, double[] into, int n) {
    for (int i = 0; i < n; i++) {
      int bits = rows.get(JAVA_INT_UNALIGNED, at + i * stride);
      into[i] = Float.intBitsToFloat(Integer.reverseBytes(bits));
    }
  }

  static void doubles(MemorySegment rows, int at, int stride, double[] into, int n) {
    for (int i = 0; i < n; i++) {
      long bits = rows.get(JAVA_LONG_UNALIGNED, at + i * stride);
      into[i] = Double.longBitsToDouble(Long.reverseBytes(bits));
    }
  }

  static void unsignedBytes(MemorySegment rows, int at, int stride, long[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = rows.get(JAVA_BYTE, at + i * stride) & 0xFF;
    }
  }

  static void shorts(MemorySegment rows, int at, int stride, long[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = Short.reverseBytes(rows.get(JAVA_SHORT_UNALIGNED, at + i * stride));
    }
  }

  static void ints(MemorySegment rows, int at, int stride, long[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = Integer.reverseBytes(rows.get(JAVA_INT_UNALIGNED, at + i * stride));
    }
  }

  static void longs(MemorySegment rows, int at, int stride, long[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = Long.reverseBytes(rows.get(JAVA_LONG_UNALIGNED, at + i * stride));
    }
  }

  /** {@code T} is true, 0 has no value, and all others are false. */
  static void logicals(MemorySegment rows, int at, int stride, byte[] into, int n) {
    for (int i = 0; i < n; i++) {
      byte letter = rows.get(JAVA_BYTE, at + i * stride);
      into[i] = letter == 'T' ? Truth.TRUE : letter == 0 ? Truth.UNKNOWN : Truth.FALSE;
    }
  }

  /** The first bit of each. */
  static void bits(MemorySegment rows, int at, int stride, byte[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = rows.get(JAVA_BYTE, at + i * stride) < 0 ? Truth.TRUE : Truth.FALSE;
    }
  }

  /** Puts fields one behind the other. */
  static void copy(MemorySegment rows, int at, int stride, byte[] into, int width, int n) {
    for (int i = 0; i < n; i++) {
      MemorySegment.copy(rows, JAVA_BYTE, at + i * stride, into, i * width, width);
    }
  }

  /** Notes which stored values mean that there is none. */
  static void findNulls(long[] values, long nullValue, byte[] nulls, int n) {
    for (int i = 0; i < n; i++) {
      nulls[i] = values[i] == nullValue ? (byte) 1 : 0;
    }
  }

  static void add(long[] values, long offset, int n) {
    for (int i = 0; i < n; i++) {
      values[i] += offset;
    }
  }

  static void scale(double[] values, double scale, double zero, int n) {
    for (int i = 0; i < n; i++) {
      values[i] = values[i] * scale + zero;
    }
  }
}
