package org.torchfits.batch;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.TensorView;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.image.SharedImage;

/**
 * What the items of a window are: whole images, or boxes of one number of axes.
 *
 * @param numbers of each item its file, its HDU, then start and stop of each axis, C order
 * @param axes of the boxes; 0 for whole images
 */
public record WindowItems(long[] numbers, int axes) {
  /** The file of an item that there is none of: its slot is filled. */
  static final int MISSING = -1;

  /**
   * The items of a window as Python has them.
   *
   * @param numbers INT64 (items, 2 + 2 * axes)
   * @param files how many there are to choose from
   * @param hdus likewise
   */
  public static WindowItems of(TensorView numbers, int files, int hdus) {
    long[] shape = numbers.shape();
    if (numbers.type() != ElementType.INT64 || shape.length != 2 || shape[1] % 2 != 0) {
      throw new IllegalArgumentException("items are INT64 (items, 2 + 2 * axes)");
    }
    WindowItems items =
        new WindowItems(numbers.elements().toArray(JAVA_LONG), (int) (shape[1] - 2) / 2);
    for (int item = 0; item < items.count(); item++) {
      items.requireKnown(item, files, hdus);
    }
    return items;
  }

  private void requireKnown(int item, int files, int hdus) {
    long file = numbers[at(item)];
    long hdu = numbers[at(item) + 1];
    if (file < MISSING || file >= files || hdu < 0 || hdu >= hdus) {
      throw new IllegalArgumentException("item " + item + " is of file " + file + ", HDU " + hdu);
    }
  }

  private int at(int item) {
    return item * (2 + 2 * axes);
  }

  /** Number of items. */
  public int count() {
    return numbers.length / (2 + 2 * axes);
  }

  boolean isMissing(int item) {
    return file(item) == MISSING;
  }

  /** Number of an item's file, or {@link #MISSING}. */
  int file(int item) {
    return (int) numbers[at(item)];
  }

  /** Number of an item's HDU. */
  int hdu(int item) {
    return (int) numbers[at(item) + 1];
  }

  /** Where an item starts on an axis, as it was given. */
  long start(int item, int axis) {
    return numbers[at(item) + 2 + 2 * axis];
  }

  private long stop(int item, int axis) {
    return numbers[at(item) + 3 + 2 * axis];
  }

  /**
   * Where an item starts on each axis of an image.
   *
   * @param image its shape
   */
  long[] starts(int item, long[] image) {
    long[] starts = new long[image.length];
    for (int axis = 0; axis < axes; axis++) {
      long start = start(item, axis);
      starts[axis] = start == Boxes.FROM_FIRST ? 0 : start;
    }
    return starts;
  }

  /**
   * Shape of an item of an image: of the box, or what is wanted of the whole image.
   *
   * @throws FitsException if the image has no such boxes
   */
  long[] shape(int item, SharedImage whole) {
    if (axes == 0) {
      return whole.wantedShape();
    }
    long[] image = whole.shape();
    if (axes != image.length) {
      throw new FitsException(
          ErrorKind.BAD_SECTION,
          whole.place() + ": boxes of " + axes + " axes, the image has " + image.length);
    }
    long[] starts = starts(item, image);
    long[] shape = new long[axes];
    for (int axis = 0; axis < axes; axis++) {
      long stop = stop(item, axis) == Boxes.TO_LAST ? image[axis] : stop(item, axis);
      shape[axis] = stop - starts[axis];
      if (stop < starts[axis] || shape[axis] < 0) {
        throw new FitsException(
            ErrorKind.MISMATCH,
            whole.place() + ": a box goes from " + starts[axis] + " to " + stop);
      }
    }
    return shape;
  }
}
