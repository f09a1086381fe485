package org.torchfits.tile;

/**
 * What a tile's integers stand for: {@code integer * scale + zero}, or NaN.
 *
 * @param scale ZSCALE
 * @param zero ZZERO
 * @param hasBlank whether there is a ZBLANK
 * @param blank ZBLANK, the integer that stands for NaN; of no meaning without
 */
record TileScaling(double scale, double zero, boolean hasBlank, int blank) {}
