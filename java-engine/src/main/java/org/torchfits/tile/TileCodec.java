package org.torchfits.tile;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/** Decodes the compressed bytes of one tile. For one thread at a time. */
interface TileCodec {
  /**
   * Decodes one tile.
   *
   * @param compressed exactly the tile's bytes, in native memory
   * @param target takes {@code pixels} values in the codec's byte order and in the order of the
   *     pixels, each of the codec's width (1, 2 or 4 bytes; for GZIP that of the stored type)
   * @throws TileFormatException if the bytes are not those of so many pixels
   */
  void decode(MemorySegment compressed, MemorySegment target, int pixels);

  /** Byte order of the decoded values. */
  default ByteOrder order() {
    return ByteOrder.nativeOrder();
  }
}
