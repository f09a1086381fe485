package org.torchfits.source;

import java.io.IOException;

/** An archive in which there is no FITS file. */
final class NotFitsException extends IOException {
  private static final long serialVersionUID = 1L;

  NotFitsException(String message) {
    super(message);
  }
}
