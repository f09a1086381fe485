package org.torchfits.batch;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.util.Arrays;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.TensorView;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/**
 * Boxes of one shape, which may lie partly or wholly outside their image.
 *
 * @param starts of box i on each axis, C order, from 0; negative before the image
 * @param shape of all boxes
 */
record Boxes(long[][] starts, long[] shape) {
  /** A start of an axis that is taken whole. */
  static final long FROM_FIRST = Long.MIN_VALUE;

  /** A stop of an axis that is taken whole. */
  static final long TO_LAST = Long.MAX_VALUE;

  /**
   * Boxes for an image.
   *
   * @param bounds INT64 (boxes, axes, 2): start and stop of each axis; at least one box
   * @param image shape of the image
   * @param place file and HDU, for messages
   */
  static Boxes of(TensorView bounds, long[] image, String place) {
    long[] lengths = bounds.shape();
    if (bounds.type() != ElementType.INT64 || lengths.length != 3 || lengths[2] != 2) {
      throw new IllegalArgumentException("bounds of boxes are INT64 (boxes, axes, 2)");
    }
    if (lengths[1] != image.length) {
      throw new FitsException(
          ErrorKind.BAD_SECTION,
          place + ": boxes of " + lengths[1] + " axes, the image has " + image.length);
    }
    long[] numbers = bounds.elements().toArray(JAVA_LONG);
    long[][] starts = new long[Math.toIntExact(lengths[0])][image.length];
    long[] shape = new long[image.length];
    for (int box = 0; box < starts.length; box++) {
      long[] count = new long[image.length];
      for (int axis = 0; axis < image.length; axis++) {
        int at = (box * image.length + axis) * 2;
        long start = numbers[at] == FROM_FIRST ? 0 : numbers[at];
        long stop = numbers[at + 1] == TO_LAST ? image[axis] : numbers[at + 1];
        starts[box][axis] = start;
        count[axis] = length(start, stop, place, box);
      }
      if (box == 0) {
        shape = count;
      } else if (!Arrays.equals(shape, count)) {
        throw differ(
            place,
            "box " + box + " is " + Arrays.toString(count) + ", box 0 " + Arrays.toString(shape));
      }
    }
    return new Boxes(starts, shape);
  }

  private static long length(long start, long stop, String place, int box) {
    long length = stop - start;
    if (stop < start || length < 0) {
      throw differ(place, "box " + box + " goes from " + start + " to " + stop);
    }
    return length;
  }

  private static FitsException differ(String place, String reason) {
    return new FitsException(ErrorKind.MISMATCH, place + ": " + reason);
  }

  int count() {
    return starts.length;
  }

  boolean areEmpty() {
    return Arrays.stream(shape).anyMatch(length -> length == 0);
  }

  /** The part of a box that lies in an image. */
  Inside inside(int box, long[] image) {
    return Inside.of(starts[box], shape, image);
  }
}
