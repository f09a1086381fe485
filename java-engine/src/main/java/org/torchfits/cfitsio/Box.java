package org.torchfits.cfitsio;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A box of pixels, or every step-th of them: positions in C order from 0, the last within the box.
 */
final class Box {
  private final long[] first;
  private final long[] last;
  private final long[] step;

  Box(long[] first, long[] last, long[] step) {
    this.first = first;
    this.last = last;
    this.step = step;
  }

  /** Whether an image of this shape has all of it; one without axes has no box. */
  boolean isWithin(long[] shape) {
    boolean within =
        shape.length > 0
            && first.length == shape.length
            && last.length == shape.length
            && step.length == shape.length;
    for (int axis = 0; within && axis < shape.length; axis++) {
      within =
          first[axis] >= 0
              && first[axis] <= last[axis]
              && last[axis] < shape[axis]
              && step[axis] > 0;
    }
    return within;
  }

  /** Number of its pixels, at most that of the image. */
  long pixels() {
    long pixels = 1;
    for (int axis = 0; axis < first.length; axis++) {
      pixels *= (last[axis] - first[axis]) / step[axis] + 1;
    }
    return pixels;
  }

  /** Index in C order, in an image of this shape, of the last position. */
  long lastIndex(long[] shape) {
    long index = 0;
    for (int axis = 0; axis < shape.length; axis++) {
      index = index * shape[axis] + last[axis];
    }
    return index;
  }

  /** As cfitsio has positions: in FITS order, from 1. */
  MemorySegment fitsFirst(Arena arena) {
    return fitsOrder(first, 1, arena);
  }

  MemorySegment fitsLast(Arena arena) {
    return fitsOrder(last, 1, arena);
  }

  MemorySegment fitsStep(Arena arena) {
    return fitsOrder(step, 0, arena);
  }

  private static MemorySegment fitsOrder(long[] values, long base, Arena arena) {
    return arena.allocateFrom(
        JAVA_LONG, Arrays.stream(reversed(values)).map(v -> v + base).toArray());
  }

  static long[] reversed(long[] values) {
    long[] reversed = new long[values.length];
    for (int i = 0; i < values.length; i++) {
      reversed[i] = values[values.length - 1 - i];
    }
    return reversed;
  }

  @Override
  public String toString() {
    return "the section from "
        + Arrays.toString(first)
        + " to "
        + Arrays.toString(last)
        + " by "
        + Arrays.toString(step);
  }
}
