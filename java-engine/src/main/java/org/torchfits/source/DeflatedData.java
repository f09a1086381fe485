package org.torchfits.source;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/** One stretch of deflated data (RFC 1951), from native memory straight into native memory. */
final class DeflatedData implements AutoCloseable {
  private final Inflater inflater = new Inflater(true);

  /** Makes ready for the next stretch. */
  void reset() {
    inflater.reset();
  }

  /** Fills {@code into} or goes to the end of the stretch. */
  void inflate(CompressedInput input, ByteBuffer into) throws IOException {
    try {
      while (into.hasRemaining() && !inflater.finished()) {
        inflateAvailable(input, into);
      }
    } catch (DataFormatException corrupt) {
      String reason = corrupt.getMessage();
      throw new IOException(reason == null ? "invalid deflated data" : reason);
    }
  }

  private void inflateAvailable(CompressedInput input, ByteBuffer into)
      throws DataFormatException, IOException {
    ByteBuffer available = input.buffered();
    if (!available.hasRemaining()) {
      throw new EOFException("the file ends within the compressed data");
    }
    inflater.setInput(available);
    inflater.inflate(into);
    if (inflater.needsDictionary()) {
      throw new IOException("deflated data that need a dictionary");
    }
  }

  /** Whether the stretch ended; the input stands behind it. */
  boolean isFinished() {
    return inflater.finished();
  }

  /** Number of bytes that the stretch gave so far. */
  long bytes() {
    return inflater.getBytesWritten();
  }

  @Override
  public void close() {
    inflater.end();
  }
}
