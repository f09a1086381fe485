package org.torchfits.header;

/** What an HDU holds (FITS 4.0, sections 6 and 7). */
public enum HduKind {
  /** The primary HDU or an IMAGE extension; perhaps without data. */
  IMAGE,
  /** An image in the tiles of a binary table (section 10). */
  COMPRESSED_IMAGE,
  BINARY_TABLE,
  ASCII_TABLE,
  /** Random groups (section 6). */
  RANDOM_GROUPS,
  /** An extension of a type that the standard does not name. */
  OTHER
}
