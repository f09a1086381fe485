package org.torchfits.header;

import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.source.ByteSource;

/**
 * Names the place where a header is wrong.
 *
 * @param file has a name that errors show
 * @param hdu index from 0
 */
record HeaderProblem(ByteSource file, int hdu) {
  FitsException badHeader(String reason) {
    return new FitsException(ErrorKind.BAD_HEADER, file.name() + "[" + hdu + "]: " + reason);
  }
}
