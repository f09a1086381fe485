package org.torchfits.image;

import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.ElementType;
import org.torchfits.header.HduSelector;

/**
 * What a caller wants of one image.
 *
 * @param section in the syntax of {@link Section#parse}; null for the whole image
 * @param scaled whether BSCALE, BZERO and BLANK are applied
 * @param dtype of the elements, a type of numbers; null for the values' exact type
 * @param general whether cfitsio must read, even where the engine has a faster path of its own
 */
public record ImageRequest(
    HduSelector hdu,
    @Nullable String section,
    boolean scaled,
    @Nullable ElementType dtype,
    boolean general) {

  /** The same of a part of the image. */
  public ImageRequest of(@Nullable String part) {
    return part == null ? this : new ImageRequest(hdu, part, scaled, dtype, general);
  }

  /** The same of another HDU. */
  public ImageRequest in(HduSelector other) {
    return new ImageRequest(other, section, scaled, dtype, general);
  }

  /** The same, but for the type of the elements. */
  ImageRequest as(ElementType other) {
    return new ImageRequest(hdu, section, scaled, other, general);
  }
}
