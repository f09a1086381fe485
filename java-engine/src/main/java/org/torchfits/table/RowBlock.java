package org.torchfits.table;

import java.lang.foreign.MemorySegment;

/**
 * Bytes of several rows at equal distances.
 *
 * @param offset in {@code bytes} where the range of the first row begins
 * @param stride from one row to the next, in bytes; may be negative
 * @param rows at least one
 */
record RowBlock(MemorySegment bytes, long offset, long stride, int rows) {}
