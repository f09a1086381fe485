package org.torchfits.tile;

import org.jspecify.annotations.Nullable;

/** What the decoded values of a tile are. */
public enum TileValues {
  /** The image's stored values (ZBITPIX), big-endian. */
  STORED_BIG_ENDIAN(0),
  /** The image's stored values, in native byte order. */
  STORED_NATIVE(1),
  /** The {@link TileFloats} that were asked for, in native byte order. */
  FLOATS(2);

  /** In files of the cache. */
  final int code;

  TileValues(int code) {
    this.code = code;
  }

  /** Null if there are none of that code. */
  static @Nullable TileValues of(int code) {
    for (TileValues values : values()) {
      if (values.code == code) {
        return values;
      }
    }
    return null;
  }
}
