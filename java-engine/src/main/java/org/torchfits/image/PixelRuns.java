package org.torchfits.image;

import org.torchfits.header.Hdu;

/**
 * Where the pixels of a section stand in the file: runs of pixels that lie together both in the
 * file and in the result. A whole image is one run.
 */
final class PixelRuns {
  private final long dataOffset;
  private final int storedBytes;
  private final long[] shape;
  private final Section section;

  /**
   * Axes before this one (C order) are stepped over from run to run; the axes behind it are whole.
   */
  private final int runAxis;

  private final long runLength;

  PixelRuns(Hdu hdu, Section section) {
    this.dataOffset = hdu.dataOffset();
    this.storedBytes = Math.abs(hdu.bitpix()) / 8;
    this.shape = hdu.shape();
    this.section = section;
    this.runAxis = runAxis();
    this.runLength = Math.max(1, product(section.count(), runAxis, shape.length));
  }

  /** Whether there are pixels in the section and all lie together. */
  boolean isOneRun() {
    return section.pixels() > 0 && product(section.count(), 0, runAxis) == 1;
  }

  /** Elements of so many runs. */
  long elements(long runs) {
    return runs * Math.min(runLength, Long.MAX_VALUE / runs);
  }

  /** Elements from {@code element} to the end of its run. */
  long leftInRun(long element) {
    return runLength - element % runLength;
  }

  /** Where in the file the element (in the C order of the section) stands. */
  long fileOffset(long element) {
    return dataOffset + storedBytes * (runStart(element / runLength) + element % runLength);
  }

  /** Where the section's last pixel ends in the file. */
  long endOffset() {
    long elements = section.pixels();
    return elements == 0 ? dataOffset : fileOffset(elements - 1) + storedBytes;
  }

  private int runAxis() {
    int axis = Math.max(shape.length - 1, 0);
    while (axis > 0 && section.count()[axis] == shape[axis]) {
      axis--;
    }
    return axis;
  }

  /** Pixel of the image, in C order, at which a run begins. */
  private long runStart(long run) {
    long start = runAxis < shape.length ? section.start()[runAxis] : 0;
    long pixelStride = runAxis < shape.length ? shape[runAxis] : 1;
    long rest = run;
    for (int axis = runAxis - 1; axis >= 0; axis--) {
      start += pixelStride * (section.start()[axis] + rest % section.count()[axis]);
      rest /= section.count()[axis];
      pixelStride *= shape[axis];
    }
    return start * product(shape, runAxis + 1, shape.length);
  }

  private static long product(long[] lengths, int from, int to) {
    long product = 1;
    for (int axis = from; axis < to; axis++) {
      product *= lengths[axis];
    }
    return product;
  }
}
