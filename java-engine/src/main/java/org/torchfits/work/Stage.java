package org.torchfits.work;

/** What is counted of reads. */
public enum Stage {
  /** Nanoseconds in which files were opened and bytes came from them. */
  FETCH_NANOS(0),
  /** How often bytes were asked for. */
  FETCHES(1),
  /** Bytes that came. */
  FETCHED_BYTES(2),
  /** Nanoseconds in which elements were made of bytes. */
  DECODE_NANOS(3),
  /** Bytes of the elements of images. */
  DECODED_BYTES(4),
  /** Nanoseconds in which elements were copied: out of known tiles, into frames, as fill. */
  COPY_NANOS(5),
  /** Nanoseconds in which threads waited for each other. */
  WAIT_NANOS(6),
  /** Tiles that were decoded. */
  TILES_DECODED(7),
  /** Tiles that had been decoded before. */
  TILES_FOUND(8);

  /** Where the count stands among those of all. */
  final int index;

  Stage(int index) {
    this.index = index;
  }
}
