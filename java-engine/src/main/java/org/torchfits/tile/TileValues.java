package org.torchfits.tile;

/** What the decoded values of a tile are. */
public enum TileValues {
  /** The image's stored values (ZBITPIX), big-endian. */
  STORED_BIG_ENDIAN,
  /** The image's stored values, in native byte order. */
  STORED_NATIVE,
  /** The {@link TileFloats} that were asked for, in native byte order. */
  FLOATS
}
