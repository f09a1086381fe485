package org.torchfits.cfitsio;

/**
 * How pixels are to be delivered.
 *
 * <p>Undefined pixels of integer images ({@code BLANK}) and of compressed images are NaN where
 * physical values go into a floating type. Integers have no such value and are delivered as they
 * are.
 *
 * @param type of the pixels in memory; cfitsio converts, and refuses values that do not fit
 * @param values with BSCALE and BZERO or without
 */
public record PixelFormat(PixelType type, Values values) {
  /** Which of the two meanings of a pixel. */
  public enum Values {
    /** {@code BZERO + BSCALE * stored}. */
    PHYSICAL,
    /** What stands in the file. */
    STORED
  }

  public static PixelFormat physical(PixelType type) {
    return new PixelFormat(type, Values.PHYSICAL);
  }

  public static PixelFormat stored(PixelType type) {
    return new PixelFormat(type, Values.STORED);
  }
}
