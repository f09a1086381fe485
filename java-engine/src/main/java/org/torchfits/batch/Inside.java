package org.torchfits.batch;

/**
 * The part of a box that lies in its image: empty on all axes if none does.
 *
 * @param start of the part in the image
 * @param count of its pixels on each axis
 * @param before pixels of the box before the part
 */
record Inside(long[] start, long[] count, long[] before) {
  /**
   * @param from where the box starts on each axis, perhaps outside the image
   * @param shape of the box
   * @param image its shape
   */
  static Inside of(long[] from, long[] shape, long[] image) {
    long[] start = new long[image.length];
    long[] count = new long[image.length];
    long[] before = new long[image.length];
    for (int axis = 0; axis < image.length; axis++) {
      start[axis] = Math.clamp(from[axis], 0, image[axis]);
      count[axis] = Math.clamp(from[axis] + shape[axis], 0, image[axis]) - start[axis];
      before[axis] = start[axis] - from[axis];
      if (count[axis] <= 0) {
        return new Inside(new long[image.length], new long[image.length], new long[image.length]);
      }
    }
    return new Inside(start, count, before);
  }

  /** Where in an image the part begins, as a number that grows along the file. */
  long position(long[] image) {
    long position = 0;
    for (int axis = 0; axis < image.length; axis++) {
      position = position * image[axis] + start[axis];
    }
    return position;
  }
}
