package org.torchfits.source;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Turns the bytes of a compressed file into what they stand for, in order. One thread at a time.
 */
interface Decoder extends AutoCloseable {
  /**
   * Decodes until {@code into} is full or the data end.
   *
   * @param into native memory
   * @return bytes decoded; fewer than {@code into} holds only at the end of the data
   * @throws java.io.EOFException if the compressed data end before they are complete
   * @throws UnsupportedDataException if they are of a kind that cannot be read
   * @throws IOException if they are corrupt; the message says how
   */
  long decode(MemorySegment into) throws IOException;

  /** How many bytes of the file were taken, for messages. */
  long position();

  @Override
  void close();
}
