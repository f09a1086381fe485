package org.torchfits.header;

import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/**
 * Names the place where a header is wrong.
 *
 * @param file as errors show it
 * @param hdu index from 0
 */
record HeaderProblem(String file, int hdu) {
  FitsException badHeader(String reason) {
    return new FitsException(ErrorKind.BAD_HEADER, file + "[" + hdu + "]: " + reason);
  }
}
