package org.torchfits.image;

import org.torchfits.tile.TileGrid;

/**
 * The pixels that a tile and a section have in common: runs of pixels that follow each other in the
 * result and stand at equal distances in the tile.
 */
final class TileOverlap {
  private final long[] shape;
  private final long[] count;
  private final long[] distance;
  private final long[] resultShape;
  private long tileStart;
  private long resultStart;

  /** Axes before this one (C order) are stepped over from run to run; a run takes all behind it. */
  private final int runAxis;

  private final long runLength;

  /**
   * @param position of the tile in the grid
   * @param section has pixels in the tile
   */
  TileOverlap(TileGrid grid, long[] position, Section section) {
    int axes = position.length;
    this.shape = new long[axes];
    this.count = new long[axes];
    this.distance = new long[axes];
    this.resultShape = section.count();
    for (int axis = 0; axis < axes; axis++) {
      shape[axis] = grid.length(position, axis);
      addAxis(axis, position[axis] * grid.tile()[axis], section);
    }
    long stride = 1;
    for (int axis = axes - 1; axis >= 0; axis--) {
      distance[axis] *= stride;
      stride *= shape[axis];
    }
    this.runAxis = runAxis();
    this.runLength = product(runAxis, axes);
  }

  /**
   * @param tileFrom the tile's first pixel along the axis
   */
  private void addAxis(int axis, long tileFrom, Section section) {
    long start = section.start()[axis];
    long step = section.step()[axis];
    long last = section.count()[axis] - 1;
    long tileLast = tileFrom + shape[axis] - 1;
    long from =
        step > 0 ? Math.ceilDiv(tileFrom - start, step) : Math.ceilDiv(tileLast - start, step);
    long to =
        step > 0 ? Math.floorDiv(tileLast - start, step) : Math.floorDiv(tileFrom - start, step);
    from = Math.max(from, 0);
    count[axis] = Math.min(to, last) - from + 1;
    distance[axis] = step;
    tileStart = tileStart * shape[axis] + (start + from * step - tileFrom);
    resultStart = resultStart * resultShape[axis] + from;
  }

  private int runAxis() {
    int axis = shape.length - 1;
    while (axis > 0
        && count[axis] == shape[axis]
        && count[axis] == resultShape[axis]
        && distance[axis - 1] == distance[axis] * shape[axis]) {
      axis--;
    }
    return axis;
  }

  private long product(int from, int to) {
    long product = 1;
    for (int axis = from; axis < to; axis++) {
      product *= count[axis];
    }
    return product;
  }

  /** Lengths of the tile's axes in C order. */
  long[] shape() {
    return shape;
  }

  /** Number of pixels of the tile. */
  int tilePixels() {
    return TileGrid.pixels(shape);
  }

  /** Number of runs. */
  long runs() {
    return product(0, runAxis);
  }

  /** Pixels of each run. */
  long runLength() {
    return runLength;
  }

  /** From one pixel of a run to the next in the tile; negative where an axis is flipped. */
  long runDistance() {
    return distance[distance.length - 1];
  }

  /** Whether all of the tile is one range of the result, in its order. */
  boolean isRangeOfResult() {
    return runs() == 1 && runLength == tilePixels() && runDistance() == 1;
  }

  /** Pixel of the tile, in C order, at which a run begins. */
  long tileOffset(long run) {
    long offset = tileStart;
    long rest = run;
    for (int axis = runAxis - 1; axis >= 0; axis--) {
      offset += rest % count[axis] * distance[axis];
      rest /= count[axis];
    }
    return offset;
  }

  /** Element of the result, in C order, at which a run begins. */
  long resultOffset(long run) {
    long stride = 1;
    for (int axis = runAxis; axis < resultShape.length; axis++) {
      stride *= resultShape[axis];
    }
    long offset = resultStart;
    long rest = run;
    for (int axis = runAxis - 1; axis >= 0; axis--) {
      offset += rest % count[axis] * stride;
      rest /= count[axis];
      stride *= resultShape[axis];
    }
    return offset;
  }
}
