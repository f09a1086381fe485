package org.torchfits.image;

import java.lang.foreign.MemorySegment;

/**
 * Takes a box out of elements that stand dense in memory.
 *
 * @param rows of the box
 * @param elementBytes of each element
 */
record Cut(BoxRows rows, int elementBytes) {
  /** Writes the box, dense, to the start of {@code target}. */
  void put(MemorySegment elements, MemorySegment target) {
    long rowBytes = rows.length() * elementBytes;
    for (long at = 0, row = 0; at < target.byteSize(); at += rowBytes, row++) {
      MemorySegment.copy(elements, rows.element(row) * elementBytes, target, at, rowBytes);
    }
  }
}
