package org.torchfits.image;

import org.torchfits.tile.TileGrid;

/** The tiles that a section touches, numbered from 0 in C order among themselves. */
final class TileBox {
  private final TileGrid grid;
  private final Section section;

  /** First touched tile of each axis, and how many there are. */
  private final long[] first;

  private final long[] count;

  TileBox(TileGrid grid, Section section) {
    this.grid = grid;
    this.section = section;
    this.first = new long[grid.tile().length];
    this.count = new long[first.length];
    for (int axis = 0; axis < first.length; axis++) {
      first[axis] = lowest(axis) / grid.tile()[axis];
      count[axis] = tilesAlong(axis);
    }
  }

  /** The pixel of the section that is first along an axis of the image. */
  private long lowest(int axis) {
    long last = section.start()[axis] + (section.count()[axis] - 1) * section.step()[axis];
    return section.count()[axis] == 0 ? 0 : Math.min(section.start()[axis], last);
  }

  private long tilesAlong(int axis) {
    long pixels = section.count()[axis];
    if (pixels == 0 || skipsTiles(axis)) {
      return pixels;
    }
    long highest = lowest(axis) + (pixels - 1) * Math.abs(section.step()[axis]);
    return highest / grid.tile()[axis] - first[axis] + 1;
  }

  /** Whether no two pixels along an axis are in the same tile. */
  private boolean skipsTiles(int axis) {
    return Math.abs(section.step()[axis]) > grid.tile()[axis];
  }

  /** Number of tiles; 0 for a section without pixels. */
  long tiles() {
    long tiles = 1;
    for (long along : count) {
      tiles *= along;
    }
    return tiles;
  }

  /** Number of a tile of the box among all tiles of the image. */
  long index(long number) {
    return grid.index(position(number));
  }

  /** What a tile of the box and the section have in common. */
  TileOverlap overlap(long number) {
    return new TileOverlap(grid, position(number), section);
  }

  private long[] position(long number) {
    long[] position = new long[first.length];
    long rest = number;
    for (int axis = first.length - 1; axis >= 0; axis--) {
      position[axis] = position(axis, rest % count[axis]);
      rest /= count[axis];
    }
    return position;
  }

  private long position(int axis, long number) {
    return skipsTiles(axis)
        ? (lowest(axis) + number * Math.abs(section.step()[axis])) / grid.tile()[axis]
        : first[axis] + number;
  }
}
