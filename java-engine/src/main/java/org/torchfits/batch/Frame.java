package org.torchfits.batch;

import java.lang.foreign.MemorySegment;
import org.torchfits.image.BoxRows;

/**
 * What stands around an image that does not fill its place.
 *
 * @param inner shape of the image, C order
 * @param before pixels between the start of the place and the image, on each axis
 * @param outer shape of the place
 * @param fill what the other elements become
 */
record Frame(long[] inner, long[] before, long[] outer, Fill fill) {

  /**
   * Moves the image, which stands dense at the start of its place, to where it belongs, and fills
   * the rest. Rows move away from the start, so the last one moves first and none is overwritten.
   */
  void put(MemorySegment place) {
    BoxRows box = new BoxRows(before, inner, outer);
    long rowBytes = box.length() * fill.bytes();
    long rows = rowBytes == 0 ? 0 : rows();
    long filledFrom = place.byteSize();
    for (long row = rows - 1; row >= 0; row--) {
      long to = box.element(row) * fill.bytes();
      MemorySegment.copy(place, row * rowBytes, place, to, rowBytes);
      fill.put(place, to + rowBytes, filledFrom);
      filledFrom = to;
    }
    fill.put(place, 0, filledFrom);
  }

  private long rows() {
    long rows = 1;
    for (int axis = 0; axis < inner.length - 1; axis++) {
      rows *= inner[axis];
    }
    return rows;
  }
}
