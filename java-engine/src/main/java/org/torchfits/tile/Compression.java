package org.torchfits.tile;

import org.jspecify.annotations.Nullable;
import org.torchfits.header.Keywords;

/** The algorithms of ZCMPTYPE and ZCTYPn (FITS 4.0, table 36). */
enum Compression {
  RICE,
  GZIP_1,
  GZIP_2,
  PLIO,
  HCOMPRESS,
  NONE;

  static Compression of(Keywords header) {
    String name = header.string("ZCMPTYPE");
    Compression named = named(name == null ? "" : name.strip());
    if (named == null) {
      throw header.bad("ZCMPTYPE = '" + name + "' is not an algorithm of the standard");
    }
    return named;
  }

  /** Null if the standard knows no such name. */
  static @Nullable Compression named(String name) {
    return switch (name) {
      case "RICE_1", "RICE_ONE" -> RICE;
      case "GZIP_1" -> GZIP_1;
      case "GZIP_2" -> GZIP_2;
      case "PLIO_1" -> PLIO;
      case "HCOMPRESS_1" -> HCOMPRESS;
      case "NOCOMPRESS" -> NONE;
      default -> null;
    };
  }

  /** Whether the tiles hold the bytes of any stored type, floats too. */
  boolean isOfBytes() {
    return this == GZIP_1 || this == GZIP_2 || this == NONE;
  }
}
