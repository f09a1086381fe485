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
 * @param axes in FITS order, NAXIS1 first; those of the decompressed image (ZNAXISn) for a
 *     compressed image
 * @param name EXTNAME, empty if there is none
 * @param version EXTVER, 1 if there is none
 * @param scale BSCALE; NaN if the card holds no number
 * @param zero BZERO; NaN if the card holds no number
 * @param blank BLANK, if there is one
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
    @Nullable Long blank) {

  /** Lengths of the axes in C order: (NAXISn, ..., NAXIS1). */
  public long[] shape() {
    long[] shape = new long[axes.length];
    for (int axis = 0; axis < axes.length; axis++) {
      shape[axis] = axes[axes.length - 1 - axis];
    }
    return shape;
  }

  /** Whether this is an image with at least one axis. */
  public boolean hasImage() {
    return (kind == HduKind.IMAGE || kind == HduKind.COMPRESSED_IMAGE) && axes.length > 0;
  }
}
