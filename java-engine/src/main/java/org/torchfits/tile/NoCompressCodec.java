package org.torchfits.tile;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/**
 * NOCOMPRESS: the stored values as they are.
 *
 * @param width bytes of a value
 */
record NoCompressCodec(int width) implements TileCodec {
  @Override
  public ByteOrder order() {
    return ByteOrder.BIG_ENDIAN;
  }

  @Override
  public void decode(MemorySegment compressed, MemorySegment target, int pixels) {
    long bytes = (long) pixels * width;
    if (compressed.byteSize() != bytes) {
      throw new TileFormatException(
          compressed.byteSize() + " bytes are not " + pixels + " values of " + width + " bytes");
    }
    MemorySegment.copy(compressed, 0, target, 0, bytes);
  }
}
