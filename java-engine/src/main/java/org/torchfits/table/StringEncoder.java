package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.TensorView;

/** Strings of any lengths, which get fields of one width. */
final class StringEncoder implements ColumnEncoder {
  private final MemorySegment characters;
  private final MemorySegment offsets;
  private final long rows;
  private final long width;
  private final byte fill;

  /**
   * @param characters all strings, one behind the other, a byte each
   * @param offsets int64 (rows + 1), of each string's first character and of the end
   * @param width of a field; no string is longer
   * @param fill stands behind shorter ones
   */
  StringEncoder(TensorView characters, TensorView offsets, long width, byte fill) {
    this.characters = characters.elements();
    this.offsets = offsets.elements();
    this.rows = offsets.shape()[0] - 1;
    this.width = width;
    this.fill = fill;
  }

  @Override
  public long bytes() {
    return width;
  }

  @Override
  public long rows() {
    return rows;
  }

  @Override
  public void encode(long first, int count, MemorySegment target, int offset, int stride) {
    long start = offsets.getAtIndex(JAVA_LONG, first);
    for (int row = 0; row < count; row++) {
      long end = offsets.getAtIndex(JAVA_LONG, first + row + 1);
      long field = offset + (long) row * stride;
      MemorySegment.copy(characters, start, target, field, end - start);
      target.asSlice(field, width).asSlice(end - start).fill(fill);
      start = end;
    }
  }

  @Override
  public void encodePart(long row, long from, MemorySegment target) {
    long start = offsets.getAtIndex(JAVA_LONG, row) + from;
    long end = offsets.getAtIndex(JAVA_LONG, row + 1);
    long count = Math.clamp(end - start, 0, target.byteSize());
    if (count > 0) {
      MemorySegment.copy(characters, start, target, 0, count);
    }
    target.asSlice(count).fill(fill);
  }
}
