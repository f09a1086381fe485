package org.torchfits.source;

import java.io.EOFException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A range of a file's bytes in order, through native memory. One thread at a time. */
final class CompressedInput extends InputStream {
  private final ByteSource file;
  private final long end;
  private final Scratch scratch = Scratch.borrow();
  private final ByteBuffer buffer =
      scratch.bytes().asByteBuffer().order(ByteOrder.LITTLE_ENDIAN).limit(0);
  private long next;
  private boolean ended;

  /** The whole file. */
  CompressedInput(ByteSource file) {
    this(file, 0, Long.MAX_VALUE);
  }

  /**
   * The bytes [start, end), or those of them that the file has.
   *
   * @param file is not closed with this stream
   */
  CompressedInput(ByteSource file, long start, long end) {
    this.file = file;
    this.next = start;
    this.end = end;
  }

  /** Bytes that were read and not taken yet; empty at the end only. */
  ByteBuffer buffered() {
    if (!buffer.hasRemaining() && !ended) {
      refill();
    }
    return buffer;
  }

  private void refill() {
    long wanted = Math.min(end - next, Scratch.BYTES);
    long got = file.read(next, scratch.bytes().asSlice(0, wanted));
    buffer.limit((int) got).position(0);
    next += got;
    ended = got == 0;
  }

  /** Whether somebody asked for more than there was. */
  boolean wasTooShort() {
    return ended;
  }

  /** Offset in the file of the next byte. */
  long position() {
    return next - buffer.remaining();
  }

  /** The next byte, which must be there. */
  int requireByte() throws EOFException {
    if (!buffered().hasRemaining()) {
      throw new EOFException("the file ends within the compressed data");
    }
    return buffer.get() & 0xFF;
  }

  /** The next bytes as an unsigned number, the lowest first. */
  long requireNumber(int bytes) throws EOFException {
    long number = 0;
    for (int i = 0; i < bytes; i++) {
      number |= (long) requireByte() << (8 * i);
    }
    return number;
  }

  @Override
  public int read() {
    return buffered().hasRemaining() ? buffer.get() & 0xFF : -1;
  }

  @Override
  public int read(byte[] into, int offset, int length) {
    if (length == 0) {
      return 0;
    }
    int count = Math.min(length, buffered().remaining());
    buffer.get(into, offset, count);
    return count == 0 ? -1 : count;
  }

  @Override
  public long skip(long count) {
    int skipped = Math.clamp(count, 0, buffered().remaining());
    buffer.position(buffer.position() + skipped);
    return skipped;
  }

  @Override
  public void close() {
    scratch.close();
  }
}
