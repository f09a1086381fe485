package org.torchfits.source;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32;

/** A gzip file (RFC 1952): one member or several, whose contents follow each other. */
final class GzipDecoder implements Decoder {
  private static final int MAGIC = 0x8B1F;
  private static final int DEFLATE = 8;
  private static final int HEADER_CHECKSUM = 2;
  private static final int EXTRA = 4;
  private static final int NAME = 8;
  private static final int COMMENT = 16;
  private static final int RESERVED = 0xE0;

  private final CompressedInput input;
  private final DeflatedData data = new DeflatedData();
  private final CRC32 checksum = new CRC32();
  private boolean inMember;

  GzipDecoder(CompressedInput input) {
    this.input = input;
  }

  @Override
  public long decode(MemorySegment into) throws IOException {
    ByteBuffer target = into.asByteBuffer();
    while (target.hasRemaining() && (inMember || beginMember())) {
      int start = target.position();
      data.inflate(input, target);
      checksum.update(target.duplicate().flip().position(start));
      if (data.isFinished()) {
        endMember();
      }
    }
    return target.position();
  }

  /** Reads the next member's header; false if there is none. */
  private boolean beginMember() throws IOException {
    skipPadding();
    if (!input.buffered().hasRemaining()) {
      return false;
    }
    if (input.requireNumber(2) != MAGIC || input.requireByte() != DEFLATE) {
      throw new IOException("what follows is no further gzip member");
    }
    skipHeader(input.requireByte());
    data.reset();
    checksum.reset();
    inMember = true;
    return true;
  }

  /** Zeros behind a member fill a block of a tape. */
  private void skipPadding() {
    ByteBuffer available = input.buffered();
    while (available.hasRemaining() && available.get(available.position()) == 0) {
      available.get();
      input.buffered();
    }
  }

  private void skipHeader(int flags) throws IOException {
    if ((flags & RESERVED) != 0) {
      throw new IOException("flags of the gzip header that mean nothing");
    }
    input.requireNumber(6); // time, strength and operating system
    if ((flags & EXTRA) != 0) {
      long bytes = input.requireNumber(2);
      for (long i = 0; i < bytes; i++) {
        input.requireByte();
      }
    }
    if ((flags & NAME) != 0) {
      skipText();
    }
    if ((flags & COMMENT) != 0) {
      skipText();
    }
    if ((flags & HEADER_CHECKSUM) != 0) {
      input.requireNumber(2);
    }
  }

  private void skipText() throws IOException {
    while (input.requireByte() != 0) {}
  }

  private void endMember() throws IOException {
    inMember = false;
    if (input.requireNumber(4) != checksum.getValue()) {
      throw new IOException("the checksum is wrong");
    }
    if (input.requireNumber(4) != (data.bytes() & 0xFFFFFFFFL)) {
      throw new IOException("the length is wrong");
    }
  }

  @Override
  public long position() {
    return input.position();
  }

  @Override
  public void close() {
    data.close();
    input.close();
  }
}
