package org.torchfits.header;

import org.jspecify.annotations.Nullable;

/**
 * What the engine needs to know of one HDU.
 *
 * @param index from 0
 * @param headerOffset in bytes from the start of the file
 * @param headerBytes of the cards up to and with END, without padding
 * @param dataOffset in bytes from the start of the file
 * @param dataBytes as the header describes them, without padding; the file may hold fewer
 * @param bitpix of the stored values; of the decompressed ones (ZBITPIX) for a compressed image
 * @param axes in FITS order, NAXIS1 first; those of the decompressed image or table (ZNAXISn) for a
 *     compressed one
 * @param name EXTNAME, empty if there is none
 * @param version EXTVER, 1 if there is none
 * @param scale BSCALE; NaN if the card holds no number
 * @param zero BZERO; NaN if the card holds no number
 * @param blank BLANK, if there is one
 * @param groups of random groups; null for all other kinds
 */
public record Hdu(
    int index,
    HduKind kind,
    long headerOffset,
    long headerBytes,
    long dataOffset,
    long dataBytes,
    int bitpix,
    long[] axes,
    String name,
    int version,
    double scale,
    double zero,
    @Nullable Long blank,
    @Nullable Groups groups) {

  /**
   * The groups of random groups (section 6): each holds its parameters and behind them its array.
   *
   * @param count of the groups, GCOUNT
   * @param parameters of each group, PCOUNT
   */
  public record Groups(long count, long parameters) {}

  /**
   * Lengths of the axes in C order: (NAXISn, ..., NAXIS1); of random groups the arrays of all,
   * (GCOUNT, NAXISn, ..., NAXIS2). Empty if there is no data.
   */
  public long[] shape() {
    if (groups != null && axes.length <= 1) {
      return new long[0];
    }
    long[] shape = new long[axes.length];
    for (int axis = 0; axis < axes.length; axis++) {
      shape[axis] = axes[axes.length - 1 - axis];
    }
    if (groups != null) {
      // NAXIS1 is last, and 0 for random groups; the groups come first.
      System.arraycopy(shape, 0, shape, 1, shape.length - 1);
      shape[0] = groups.count();
    }
    return shape;
  }

  /** Whether this is an image with at least one axis, or random groups with arrays. */
  public boolean hasImage() {
    return switch (kind) {
      case IMAGE, COMPRESSED_IMAGE, RANDOM_GROUPS -> shape().length > 0;
      case BINARY_TABLE, ASCII_TABLE, OTHER -> false;
    };
  }

  /** Whether this is a table, perhaps without rows. */
  public boolean hasTable() {
    return switch (kind) {
      case BINARY_TABLE, ASCII_TABLE -> true;
      case IMAGE, COMPRESSED_IMAGE, RANDOM_GROUPS, OTHER -> false;
    };
  }
}
