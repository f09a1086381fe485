package org.torchfits.batch;

import java.lang.foreign.MemorySegment;
import org.torchfits.kernel.TurnKernels;

/**
 * How an image is mirrored and transposed: one of the 8 symmetries of a rectangle's last two axes.
 *
 * @param symmetry bits: {@link #ROWS} and {@link #COLUMNS}, and then {@link #TRANSPOSE}
 * @param shape of the image, C order, of two axes or more
 * @param valueBytes of each element
 */
record Turn(int symmetry, long[] shape, int valueBytes) {
  /** The last row becomes the first one. */
  static final int ROWS = 1;

  /** The last column becomes the first one. */
  static final int COLUMNS = 2;

  /** Rows become columns. */
  static final int TRANSPOSE = 4;

  /** Writes the turned image, all of {@code target}; both are dense. */
  void put(MemorySegment image, MemorySegment target) {
    long plane = shape[shape.length - 2] * shape[shape.length - 1] * valueBytes;
    for (long at = 0; at < target.byteSize(); at += plane) {
      putPlane(image.asSlice(at, plane), target.asSlice(at, plane));
    }
  }

  private void putPlane(MemorySegment plane, MemorySegment target) {
    int rows = Math.toIntExact(shape[shape.length - 2]);
    int columns = Math.toIntExact(shape[shape.length - 1]);
    int rowBytes = Math.multiplyExact(columns, valueBytes);
    boolean upsideDown = (symmetry & ROWS) != 0;
    boolean backwards = (symmetry & COLUMNS) != 0;
    if ((symmetry & TRANSPOSE) == 0) {
      for (int row = 0; row < rows; row++) {
        long from = (long) (upsideDown ? rows - 1 - row : row) * rowBytes;
        putRow(plane.asSlice(from, rowBytes), target.asSlice((long) row * rowBytes, rowBytes));
      }
      return;
    }
    int firstRow = upsideDown ? Math.multiplyExact(rows - 1, rowBytes) : 0;
    int firstColumn = backwards ? rowBytes - valueBytes : 0;
    TurnKernels.transpose(
        valueBytes,
        plane,
        Math.addExact(firstRow, firstColumn),
        backwards ? -valueBytes : valueBytes,
        upsideDown ? -rowBytes : rowBytes,
        target,
        columns,
        rows);
  }

  private void putRow(MemorySegment row, MemorySegment target) {
    if ((symmetry & COLUMNS) == 0) {
      target.copyFrom(row);
    } else {
      TurnKernels.reverse(valueBytes, row, target);
    }
  }
}
