package org.torchfits.image;

import org.jspecify.annotations.Nullable;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduKind;

/** HDUs as a header may describe them. */
final class Hdus {
  private Hdus() {}

  /** An image; the axes in C order. */
  static Hdu image(int bitpix, long dataOffset, long... shape) {
    return image(bitpix, dataOffset, 1, 0, null, shape);
  }

  /** An image with scaling. */
  static Hdu scaled(int bitpix, double scale, double zero, @Nullable Long blank) {
    return image(bitpix, 2880, scale, zero, blank, 4);
  }

  private static Hdu image(
      int bitpix, long dataOffset, double scale, double zero, @Nullable Long blank, long... shape) {
    long[] axes = new long[shape.length];
    long bytes = Math.abs(bitpix) / 8;
    for (int axis = 0; axis < shape.length; axis++) {
      axes[axis] = shape[shape.length - 1 - axis];
      bytes *= axes[axis];
    }
    return new Hdu(
        0, HduKind.IMAGE, 0, 480, dataOffset, bytes, bitpix, axes, "", 1, scale, zero, blank, null);
  }
}
