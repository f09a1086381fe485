package org.torchfits.image;

import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.Hdu;
import org.torchfits.header.Hdu.Groups;

/**
 * Where the values of an array stand in a file: value (i, j, ...) begins at byte {@code offset +
 * storedBytes * (i * strides[0] + j * strides[1] + ...)}.
 *
 * @param offset of the first value in the file, in bytes
 * @param storedBytes of each value
 * @param shape in C order
 * @param strides of each axis, in values
 */
record PixelLayout(long offset, int storedBytes, long[] shape, long[] strides) {

  /** The pixels of an uncompressed image, or the arrays of random groups. */
  static PixelLayout of(Hdu hdu) {
    long[] shape = hdu.shape();
    long[] strides = strides(shape);
    int storedBytes = Math.abs(hdu.bitpix()) / 8;
    Groups groups = hdu.groups();
    if (groups == null) {
      return new PixelLayout(hdu.dataOffset(), storedBytes, shape, strides);
    }
    strides[0] += groups.parameters();
    long offset = hdu.dataOffset() + storedBytes * groups.parameters();
    return new PixelLayout(offset, storedBytes, shape, strides);
  }

  /** The parameters of random groups: (GCOUNT, PCOUNT). */
  static PixelLayout ofParameters(Hdu hdu, String place) {
    Groups groups = hdu.groups();
    if (groups == null) {
      throw new FitsException(
          ErrorKind.WRONG_HDU_KIND, place + ": only random groups have parameters");
    }
    long[] shape = {groups.count(), groups.parameters()};
    long group = groups.parameters() + (hdu.hasImage() ? strides(hdu.shape())[0] : 0);
    return new PixelLayout(
        hdu.dataOffset(), Math.abs(hdu.bitpix()) / 8, shape, new long[] {group, 1});
  }

  private static long[] strides(long[] shape) {
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      // Overflows only beside an axis of no length, where no pixel is ever asked for.
      stride *= shape[axis];
    }
    return strides;
  }
}
