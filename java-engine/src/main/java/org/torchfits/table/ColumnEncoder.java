package org.torchfits.table;

import java.lang.foreign.MemorySegment;

/** A column's values on their way into the rows of a file (FITS 4.0, section 7.3.3). */
public sealed interface ColumnEncoder permits NumberEncoder, StringEncoder {
  /** Bytes of the column in a row. */
  long bytes();

  /** Number of rows. */
  long rows();

  /**
   * Encodes the column of some rows.
   *
   * @param first row, from 0
   * @param target the rows, one behind the other
   * @param offset of the column's first byte in {@code target}
   * @param stride bytes of a row
   */
  void encode(long first, int rows, MemorySegment target, int offset, int stride);

  /**
   * Encodes a part of the column in one row.
   *
   * @param from first byte of the part, a multiple of 16
   * @param target as long as the part
   */
  void encodePart(long row, long from, MemorySegment target);
}
