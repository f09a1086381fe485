package org.torchfits.batch;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.util.Arrays;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.TensorView;

/**
 * Which part of each item is wanted, and how that is turned: along the last two axes.
 *
 * @param numbers of each item the first row and column of its part, and the symmetry as {@link
 *     Turn} has it
 * @param height of the turned parts
 * @param width likewise
 */
record Moves(long[] numbers, long height, long width) {
  private static final int NUMBERS = 3;

  /**
   * @param numbers INT64 (items, 3)
   */
  static Moves of(TensorView numbers, long height, long width) {
    long[] shape = numbers.shape();
    if (numbers.type() != ElementType.INT64 || shape.length != 2 || shape[1] != NUMBERS) {
      throw new IllegalArgumentException("moves are INT64 (items, 3)");
    }
    if (height < 1 || width < 1) {
      throw new IllegalArgumentException("parts of " + height + " x " + width + " pixels");
    }
    return new Moves(numbers.elements().toArray(JAVA_LONG), height, width);
  }

  int count() {
    return numbers.length / NUMBERS;
  }

  int symmetry(int item) {
    return (int) numbers[item * NUMBERS + 2];
  }

  /**
   * Where the part of an item begins on each axis.
   *
   * @param shape of the item
   */
  long[] start(int item, long[] shape) {
    long[] start = new long[shape.length];
    start[shape.length - 2] = numbers[item * NUMBERS];
    start[shape.length - 1] = numbers[item * NUMBERS + 1];
    return start;
  }

  /**
   * Shape of the part of an item before it is turned.
   *
   * @param shape of the item
   * @throws IllegalArgumentException if it is not in the item
   */
  long[] count(int item, long[] shape) {
    boolean transposes = (symmetry(item) & Turn.TRANSPOSE) != 0;
    long[] count = withPlane(shape, transposes ? width : height, transposes ? height : width);
    long[] start = start(item, shape);
    for (int axis = 0; axis < shape.length; axis++) {
      if (start[axis] < 0 || start[axis] > shape[axis] - count[axis]) {
        throw new IllegalArgumentException(
            "a part of " + Arrays.toString(count) + " from " + Arrays.toString(start));
      }
    }
    return count;
  }

  /**
   * Shape of the turned part.
   *
   * @param shape of an item
   */
  long[] result(long[] shape) {
    return withPlane(shape, height, width);
  }

  private static long[] withPlane(long[] shape, long height, long width) {
    if (shape.length < 2) {
      throw new IllegalArgumentException("items of " + shape.length + " axes have no planes");
    }
    long[] changed = shape.clone();
    changed[shape.length - 2] = height;
    changed[shape.length - 1] = width;
    return changed;
  }
}
