/**
 * Tile-compressed images: where the tiles stand, and what their bytes mean (FITS 4.0, section 10).
 */
@NullMarked
package org.torchfits.tile;

import org.jspecify.annotations.NullMarked;
