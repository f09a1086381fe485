package org.torchfits.table;

import java.lang.foreign.MemorySegment;

/**
 * One column of a block of numbers, FLOAT32 (rows, columns). Safe for use by several threads.
 *
 * @param numbers all of the block
 * @param columns of a row
 * @param column from 0
 */
record FloatColumn(MemorySegment numbers, int columns, int column) {
  /**
   * @param first row from 0
   * @param into {@code count} of it from {@code start} on
   */
  void load(long first, int count, float[] into, int start) {
    long rowBytes = (long) columns * Float.BYTES;
    MemorySegment rows = numbers.asSlice(first * rowBytes, count * rowBytes);
    FrameKernels.gather(rows, column, columns, into, start, count);
  }
}
