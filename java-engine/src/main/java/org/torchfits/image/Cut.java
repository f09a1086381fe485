package org.torchfits.image;

import java.lang.foreign.MemorySegment;

/**
 * Takes a box out of elements that stand dense in memory.
 *
 * @param start of each axis, C order
 * @param count of each axis
 * @param whole shape of all elements
 * @param elementBytes of each one
 */
record Cut(long[] start, long[] count, long[] whole, int elementBytes) {
  /** Writes the box, dense, to the start of {@code target}. */
  void put(MemorySegment elements, MemorySegment target) {
    int last = count.length - 1;
    long rowBytes = count[last] * elementBytes;
    for (long at = 0, row = 0; at < target.byteSize(); at += rowBytes, row++) {
      MemorySegment.copy(elements, element(row) * elementBytes, target, at, rowBytes);
    }
  }

  /** Where a row of the box begins among all elements. */
  private long element(long row) {
    int last = count.length - 1;
    long element = start[last];
    long stride = whole[last];
    long rest = row;
    for (int axis = last - 1; axis >= 0; axis--) {
      element += (start[axis] + rest % count[axis]) * stride;
      rest /= count[axis];
      stride *= whole[axis];
    }
    return element;
  }
}
