package org.torchfits.tile;

/**
 * ZQUANTIZ: what was added to a value before it was rounded to an integer (FITS 4.0, section 10.2).
 */
enum Dither {
  NO_DITHER,
  SUBTRACTIVE_DITHER_1,
  /** As the first, and zeros were kept apart as one integer. */
  SUBTRACTIVE_DITHER_2
}
