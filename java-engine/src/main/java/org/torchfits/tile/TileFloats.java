package org.torchfits.tile;

/**
 * The floats that a quantised tile is decoded to.
 *
 * @param bytes 4 or 8
 * @param scale BSCALE, which is applied together with ZSCALE
 * @param zero BZERO
 */
public record TileFloats(int bytes, double scale, double zero) {}
