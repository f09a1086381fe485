package org.torchfits.source;

import java.lang.foreign.MemorySegment;

/** Bytes that stand for themselves. */
final class CopyDecoder implements Decoder {
  private final ByteSource source;
  private long position;

  /**
   * @param source is not closed by the decoder
   */
  CopyDecoder(ByteSource source) {
    this.source = source;
  }

  @Override
  public long decode(MemorySegment into) {
    long count = source.read(position, into);
    position += count;
    return count;
  }

  @Override
  public long position() {
    return position;
  }

  @Override
  public void close() {}
}
