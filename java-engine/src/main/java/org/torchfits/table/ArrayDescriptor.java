package org.torchfits.table;

import java.lang.foreign.MemorySegment;

/**
 * What a row has of its array of variable length (FITS 4.0, section 7.3.5).
 *
 * @param count of the elements
 * @param offset in the heap, in bytes
 */
record ArrayDescriptor(long count, long offset) {
  static final ArrayDescriptor NONE = new ArrayDescriptor(0, 0);

  static ArrayDescriptor wide(MemorySegment row, long at) {
    return new ArrayDescriptor(row.get(BigEndian.LONG, at), row.get(BigEndian.LONG, at + 8));
  }

  static ArrayDescriptor narrow(MemorySegment row, long at) {
    return new ArrayDescriptor(
        Integer.toUnsignedLong(row.get(BigEndian.INT, at)),
        Integer.toUnsignedLong(row.get(BigEndian.INT, at + 4)));
  }

  /**
   * @param elementsOfByte most elements that a byte holds
   */
  boolean isWithin(long heapBytes, int elementsOfByte) {
    boolean isCountable = count > 0 && count <= heapBytes * elementsOfByte;
    return isCountable && offset >= 0 && offset <= heapBytes;
  }
}
