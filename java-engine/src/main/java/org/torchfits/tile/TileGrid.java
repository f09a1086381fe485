package org.torchfits.tile;

import org.torchfits.header.Keywords;

/**
 * How an image is cut into tiles (FITS 4.0, section 10.1.1). All lengths in C order; the tiles are
 * numbered from 0 in the same order, as the rows of the table are.
 *
 * @param image lengths of its axes
 * @param tile lengths of a tile's axes, at least 1; those at the image's end are shorter
 */
public record TileGrid(long[] image, long[] tile) {
  /** The grid that ZTILEn of a header tells, which by default are rows. */
  static TileGrid of(long[] image, Keywords header) {
    long[] tile = new long[image.length];
    for (int axis = 0; axis < image.length; axis++) {
      int number = image.length - axis;
      long absent = number == 1 ? Math.max(1, image[axis]) : 1;
      long length = header.integer("ZTILE" + number, absent, 1, Integer.MAX_VALUE);
      tile[axis] = Math.min(length, Math.max(1, image[axis]));
    }
    TileGrid grid = new TileGrid(image, tile);
    grid.requireCountable(header);
    return grid;
  }

  private void requireCountable(Keywords header) {
    long pixels = 1;
    for (long length : tile) {
      pixels = Math.multiplyHigh(pixels, length) == 0 ? pixels * length : Long.MAX_VALUE;
      if (pixels > Integer.MAX_VALUE || pixels < 0) {
        throw header.bad("ZTILEn describe tiles of more than " + Integer.MAX_VALUE + " pixels");
      }
    }
  }

  /** Number of tiles along an axis. */
  public long tiles(int axis) {
    return Math.ceilDiv(image[axis], tile[axis]);
  }

  /** Number of tiles; 0 for an image without pixels, saturated at 2^63 - 1. */
  long tiles() {
    long tiles = 1;
    for (int axis = 0; axis < image.length; axis++) {
      long along = tiles(axis);
      tiles = Math.multiplyHigh(tiles, along) == 0 ? tiles * along : Long.MAX_VALUE;
      tiles = tiles < 0 ? Long.MAX_VALUE : tiles;
    }
    return tiles;
  }

  /** Number of pixels of a tile of that shape. */
  public static int pixels(long[] tileShape) {
    int pixels = 1;
    for (long length : tileShape) {
      pixels *= (int) length;
    }
    return pixels;
  }

  /** Length of an axis of the tile at that position of the grid. */
  public long length(long[] position, int axis) {
    return Math.min(tile[axis], image[axis] - position[axis] * tile[axis]);
  }

  /** Number of the tile at that position of the grid. */
  public long index(long[] position) {
    long index = 0;
    for (int axis = 0; axis < image.length; axis++) {
      index = index * tiles(axis) + position[axis];
    }
    return index;
  }
}
