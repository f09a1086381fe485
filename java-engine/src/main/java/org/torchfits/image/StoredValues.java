package org.torchfits.image;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.torchfits.kernel.Lanes;

/**
 * Reads stored values into the lanes, a block at a time: those of BITPIX 8, 16, 32, 64, -32 and -64
 * into bytes, shorts, ints, longs, floats and doubles. Floating ones pass through ints and longs.
 *
 * <p>Copies first and reverses bytes then: a copy that does both is done by a loop without vector
 * instructions.
 */
final class StoredValues {
  private final int bitpix;
  private final boolean reversed;

  /**
   * @param order of the stored values' bytes
   */
  StoredValues(int bitpix, ByteOrder order) {
    this.bitpix = bitpix;
    this.reversed = order != ByteOrder.nativeOrder();
  }

  /**
   * Fills the lane of the BITPIX.
   *
   * @param source holds the stored values from {@code offset} (bytes) on
   * @param n at most {@link Lanes#LENGTH}
   */
  void load(MemorySegment source, long offset, Lanes lanes, int n) {
    switch (bitpix) {
      case 8 -> MemorySegment.copy(source, JAVA_BYTE, offset, lanes.bytes, 0, n);
      case 16 -> loadShorts(source, offset, lanes.shorts, n);
      case 32 -> loadInts(source, offset, lanes.ints, n);
      case 64 -> loadLongs(source, offset, lanes.longs, n);
      case -32 -> {
        loadInts(source, offset, lanes.ints, n);
        copyBits(lanes.intBits, lanes.floatBits, (long) n * Float.BYTES);
      }
      default -> {
        loadLongs(source, offset, lanes.longs, n);
        copyBits(lanes.longBits, lanes.doubleBits, (long) n * Double.BYTES);
      }
    }
  }

  private void loadShorts(MemorySegment source, long offset, short[] to, int n) {
    MemorySegment.copy(source, JAVA_SHORT_UNALIGNED, offset, to, 0, n);
    if (reversed) {
      for (int i = 0; i < n; i++) {
        to[i] = Short.reverseBytes(to[i]);
      }
    }
  }

  private void loadInts(MemorySegment source, long offset, int[] to, int n) {
    MemorySegment.copy(source, JAVA_INT_UNALIGNED, offset, to, 0, n);
    if (reversed) {
      for (int i = 0; i < n; i++) {
        to[i] = Integer.reverseBytes(to[i]);
      }
    }
  }

  private void loadLongs(MemorySegment source, long offset, long[] to, int n) {
    MemorySegment.copy(source, JAVA_LONG_UNALIGNED, offset, to, 0, n);
    if (reversed) {
      for (int i = 0; i < n; i++) {
        to[i] = Long.reverseBytes(to[i]);
      }
    }
  }

  private static void copyBits(MemorySegment from, MemorySegment to, long bytes) {
    MemorySegment.copy(from, 0, to, 0, bytes);
  }
}
