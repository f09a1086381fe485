package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Bits of a segment, most significant first. Beyond the end it gives zeros; whoever reads asks by
 * {@link #requireInside()} whether it went there, often enough that zeros cannot keep it busy.
 *
 * <p>The hot loops of the codecs hold the three fields in local variables, and write them back.
 */
final class BitReader {
  private static final ValueLayout.OfLong BIG_ENDIAN_LONG =
      JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /** As many bits as a refill gives at least. */
  static final int REFILLED = 56;

  private final MemorySegment bytes;
  private final long lastLong;

  /** The next bits, at the upper end; below {@link #available} there may be some more true bits. */
  long window;

  /** How many bits of the window count as loaded: 0 to 63. */
  int available;

  /** Offset of the first byte that does not count as loaded. */
  long next;

  BitReader(MemorySegment bytes) {
    this.bytes = bytes;
    this.lastLong = bytes.byteSize() - Long.BYTES;
  }

  /**
   * Eight bytes at an offset, zeros beyond the end. A refill is {@code window |= load(next) >>>
   * available; next += (63 - available) >>> 3; available |= 56}: no branch, and no wait for the
   * load, since {@code next} is known since the refill before.
   */
  long load(long offset) {
    return offset <= lastLong ? bytes.get(BIG_ENDIAN_LONG, offset) : loadTail(offset);
  }

  private long loadTail(long offset) {
    long loaded = 0;
    for (long at = offset; at < bytes.byteSize(); at++) {
      loaded |= (bytes.get(JAVA_BYTE, at) & 0xFFL) << (56 - 8 * (at - offset));
    }
    return loaded;
  }

  void refill() {
    window |= load(next) >>> available;
    next += (63 - available) >>> 3;
    available |= REFILLED;
  }

  /**
   * The next bits as a number.
   *
   * @param count 1 to 32
   */
  int take(int count) {
    refill();
    int bits = (int) (window >>> (Long.SIZE - count));
    window <<= count;
    available -= count;
    return bits;
  }

  /** Goes to the next whole byte, unless it is at one. */
  void align() {
    next -= available >>> 3;
    window = 0;
    available = 0;
  }

  /**
   * @throws TileFormatException if bits were taken that are beyond the end
   */
  void requireInside() {
    if (8 * next - available > 8 * bytes.byteSize()) {
      throw new TileFormatException("the compressed data end too early");
    }
  }
}
