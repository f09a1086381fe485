package org.torchfits.tile;

import java.lang.foreign.MemorySegment;

/**
 * A level of the inverse transform: an image is made of means and differences of half its size.
 *
 * @param number how many levels follow; those of the last are the pixels
 * @param rows of the image
 * @param columns of the image
 * @param means longs, {@link #meanRows()} x {@link #meanColumns()}
 */
record HaarLevel(int number, int rows, int columns, MemorySegment means) {
  /** The level of an image that is halved so many times, each time rounded up. */
  static HaarLevel of(int number, int imageRows, int imageColumns, MemorySegment means) {
    return new HaarLevel(number, halved(imageRows, number), halved(imageColumns, number), means);
  }

  static int halved(int length, int times) {
    return (int) ((length + (1L << times) - 1) >> times);
  }

  int meanRows() {
    return (rows + 1) / 2;
  }

  int meanColumns() {
    return (columns + 1) / 2;
  }
}
