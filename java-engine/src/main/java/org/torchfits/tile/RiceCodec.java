package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * RICE_1 (FITS 4.0, section 10.4.1): the first value as it is, then blocks of differences between
 * neighbours. A block begins with its number of split bits plus one; each difference, folded to be
 * positive, is its upper part as that many zeros and a one, and its split bits as they are. No
 * split bits at all stand for a block of equal values, the largest number for differences that are
 * not coded.
 */
final class RiceCodec implements TileCodec {
  /** The standard knows 16 and 32; a block passes through the heap. */
  static final int LARGEST_BLOCK = 1 << 16;

  /** Blocks are decoded into an array of about so many values, and stored from there at once. */
  private static final int BUFFERED = 256;

  private final int bytesPerPixel;
  private final int blockSize;
  private final int splitFieldBits;
  private final int uncodedSplit;

  /**
   * A codec for the values of ZNAMEn and ZVALn.
   *
   * @param bytesPerPixel BYTEPIX: 1 (unsigned), 2 or 4; also the width of the decoded values
   * @param blockSize BLOCKSIZE: pixels that share their number of split bits
   * @throws TileFormatException if there is no such algorithm
   */
  RiceCodec(int bytesPerPixel, int blockSize) {
    if (blockSize < 1 || blockSize > LARGEST_BLOCK) {
      throw new TileFormatException("Rice blocks of " + blockSize + " pixels are not supported");
    }
    this.bytesPerPixel = bytesPerPixel;
    this.blockSize = blockSize;
    this.splitFieldBits = splitFieldBits(bytesPerPixel);
    this.uncodedSplit = bytesPerPixel == 1 ? 6 : bytesPerPixel == 2 ? 14 : 25;
  }

  private static int splitFieldBits(int bytesPerPixel) {
    return switch (bytesPerPixel) {
      case 1 -> 3;
      case 2 -> 4;
      case 4 -> 5;
      default ->
          throw new TileFormatException(
              "Rice with " + bytesPerPixel + " bytes a pixel is not supported");
    };
  }

  @Override
  public void decode(MemorySegment compressed, MemorySegment target, int pixels) {
    BitReader bits = new BitReader(compressed);
    int[] values = new int[Math.min(pixels, Math.max(1, BUFFERED / blockSize) * blockSize)];
    int last = bits.take(8 * bytesPerPixel);
    for (int at = 0; at < pixels; ) {
      int count = Math.min(values.length, pixels - at);
      last = decodeBlocks(bits, last, values, count);
      store(values, target, at, count);
      at += count;
      bits.requireInside();
    }
  }

  private int decodeBlocks(BitReader bits, int last, int[] values, int count) {
    int end = last;
    for (int from = 0; from < count; from += blockSize) {
      end = decodeBlock(bits, end, values, from, Math.min(from + blockSize, count));
    }
    return end;
  }

  /** Returns the block's last value, from which the next block goes on. */
  private int decodeBlock(BitReader bits, int last, int[] values, int from, int to) {
    int split = bits.take(splitFieldBits) - 1;
    if (split > uncodedSplit) {
      throw new TileFormatException("a Rice block has " + split + " split bits");
    }
    if (split == uncodedSplit) {
      return addDifferences(bits, last, values, from, to);
    }
    if (split >= 0) {
      return decodeDifferences(bits, split, last, values, from, to);
    }
    Arrays.fill(values, from, to, last);
    return last;
  }

  private int addDifferences(BitReader bits, int last, int[] values, int from, int to) {
    int value = last;
    for (int i = from; i < to; i++) {
      value += unfold(bits.take(8 * bytesPerPixel));
      values[i] = value;
    }
    return value;
  }

  private static int decodeDifferences(
      BitReader bits, int split, int last, int[] values, int from, int to) {
    int value = last;
    int at = from;
    while (true) {
      at = decodeShort(bits, split, value, values, at, to);
      value = at > from ? values[at - 1] : last;
      if (at == to) {
        return value;
      }
      value += unfold(takeLong(bits, split));
      values[at++] = value;
    }
  }

  /**
   * The hot loop: stops before a code that no window holds. Its pace is set by the few steps that
   * lead from a window to that of the next value.
   *
   * @return index of the first value that is not decoded
   */
  private static int decodeShort(
      BitReader bits, int split, int last, int[] values, int from, int to) {
    long window = bits.window;
    int available = bits.available;
    long next = bits.next;
    int value = last;
    int at = from;
    for (; at < to; at++) {
      int zeros = Long.numberOfLeadingZeros(window);
      int length = zeros + 1 + split;
      if (length > available) {
        window |= bits.load(next) >>> available;
        next += (63 - available) >>> 3;
        available |= BitReader.REFILLED;
        zeros = Long.numberOfLeadingZeros(window);
        length = zeros + 1 + split;
        if (length > available) {
          break;
        }
      }
      // The one before the split bits comes along, and is taken from the zeros.
      int folded = (int) (window << zeros >>> (63 - split)) + ((zeros - 1) << split);
      window <<= length;
      available -= length;
      value += unfold(folded);
      values[at] = value;
    }
    bits.window = window;
    bits.available = available;
    bits.next = next;
    return at;
  }

  /** A code that no window holds. */
  private static int takeLong(BitReader bits, int split) {
    int upper = bits.takeZeros() << split;
    return split == 0 ? upper : upper | bits.take(split);
  }

  /** 0, 1, 2, 3, 4 stand for 0, -1, 1, -2, 2. */
  private static int unfold(int folded) {
    return (folded >>> 1) ^ -(folded & 1);
  }

  private void store(int[] values, MemorySegment target, long at, int count) {
    switch (bytesPerPixel) {
      case 1 -> storeBytes(values, target, at, count);
      case 2 -> storeShorts(values, target, at, count);
      default -> MemorySegment.copy(values, 0, target, JAVA_INT_UNALIGNED, 4 * at, count);
    }
  }

  private static void storeBytes(int[] values, MemorySegment target, long at, int count) {
    for (int i = 0; i < count; i++) {
      target.set(JAVA_BYTE, at + i, (byte) values[i]);
    }
  }

  private static void storeShorts(int[] values, MemorySegment target, long at, int count) {
    for (int i = 0; i < count; i++) {
      target.set(JAVA_SHORT_UNALIGNED, 2 * (at + i), (short) values[i]);
    }
  }
}
