package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** Takes some rows out of many. */
final class RowKernels {
  private RowKernels() {}

  /**
   * Adds the rows of which something is true to a list.
   *
   * @param first number of the first row
   * @param count of the rows that the list has; it has room for {@code n} more
   * @return how many it has then
   */
  static int list(byte[] truths, int n, int first, int[] list, int count) {
    int next = count;
    for (int i = 0; i < n; i++) {
      list[next] = first + i;
      // Without a branch, which would be guessed wrong half of the time.
      next += truths[i] >> 1;
    }
    return next;
  }

  /**
   * Puts fields of some rows one behind the other.
   *
   * @param at of the field of row 0, in bytes
   * @param stride from one row to the next
   */
  static void pack(
      MemorySegment rows, int at, int stride, int bytes, int[] list, int n, MemorySegment into) {
    if (bytes < Long.BYTES) {
      packShort(rows, at, stride, bytes, list, n, into);
    } else {
      packLong(rows, at, stride, bytes, list, n, into);
    }
  }

  private static void packShort(
      MemorySegment rows, int at, int stride, int bytes, int[] list, int n, MemorySegment into) {
    long to = 0;
    for (int i = 0; i < n; i++) {
      int from = at + list[i] * stride;
      for (int b = 0; b < bytes; b++) {
        into.set(JAVA_BYTE, to++, rows.get(JAVA_BYTE, from + b));
      }
    }
  }

  /** Eight bytes at a time; the last ones may be copied twice. */
  private static void packLong(
      MemorySegment rows, int at, int stride, int bytes, int[] list, int n, MemorySegment into) {
    int last = bytes - Long.BYTES;
    for (int i = 0; i < n; i++) {
      int from = at + list[i] * stride;
      long to = (long) i * bytes;
      for (int b = 0; b < last; b += Long.BYTES) {
        into.set(JAVA_LONG_UNALIGNED, to + b, rows.get(JAVA_LONG_UNALIGNED, from + b));
      }
      into.set(JAVA_LONG_UNALIGNED, to + last, rows.get(JAVA_LONG_UNALIGNED, from + last));
    }
  }
}
