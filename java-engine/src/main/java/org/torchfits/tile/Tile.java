package org.torchfits.tile;

/**
 * One row of the table: where the tile's bytes stand, and what its numbers mean.
 *
 * @param index of the tile, from 0
 * @param form in which the bytes are
 * @param offset in the file, in bytes
 * @param bytes that the tile takes
 * @param scale ZSCALE of a quantised tile
 * @param zero ZZERO of a quantised tile
 */
public record Tile(
    long index, Form form, long offset, long bytes, double scale, double zero, long blank) {
  /** No integer of 32 bits: nothing is blank. */
  static final long NO_BLANK = Long.MIN_VALUE;

  /** Which column has the tile. */
  enum Form {
    /** COMPRESSED_DATA: by the algorithm of the image. */
    COMPRESSED,
    /** GZIP_COMPRESSED_DATA: floats that were not quantised. */
    GZIPPED,
    /** UNCOMPRESSED_DATA: likewise, as they are. */
    PLAIN
  }

  /** Where in the file the tile's bytes end. */
  public long end() {
    return offset + bytes;
  }
}
