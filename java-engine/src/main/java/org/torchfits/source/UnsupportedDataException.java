package org.torchfits.source;

import java.io.IOException;

/** Compressed data that are as they should be, and of a kind that this version cannot read. */
final class UnsupportedDataException extends IOException {
  private static final long serialVersionUID = 1L;

  UnsupportedDataException(String message) {
    super(message);
  }
}
