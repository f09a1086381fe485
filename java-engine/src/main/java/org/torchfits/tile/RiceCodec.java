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
 *
 * <p>For one thread at a time: it keeps the arrays that tiles pass through.
 */
final class RiceCodec implements TileCodec {
  /** The standard knows 16 and 32; a block passes through the heap. */
  static final int LARGEST_BLOCK = 1 << 16;

  /** Blocks are read into an array of about so many values, and stored from there at once. */
  private static final int BUFFERED = 1024;

  private final int bytesPerPixel;
  private final int blockSize;
  private final int splitFieldBits;
  private final int uncodedSplit;
  private final RiceReader reader = new RiceReader();
  private int[] values = {};

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

  /** Whether this is a codec for such values. */
  boolean isFor(int otherBytesPerPixel, int otherBlockSize) {
    return bytesPerPixel == otherBytesPerPixel && blockSize == otherBlockSize;
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
    reader.open(compressed);
    int most = Math.min(pixels, Math.max(1, BUFFERED / blockSize) * blockSize);
    if (values.length < most) {
      values = new int[most];
    }
    int last = reader.take(8 * bytesPerPixel);
    for (int at = 0; at < pixels; ) {
      int count = Math.min(most, pixels - at);
      readBlocks(count);
      unfold(values, count);
      last = store(last, target.asSlice((long) bytesPerPixel * at), count);
      at += count;
      reader.requireInside();
    }
  }

  private void readBlocks(int count) {
    for (int from = 0; from < count; from += blockSize) {
      readBlock(from, Math.min(from + blockSize, count));
    }
  }

  private void readBlock(int from, int to) {
    int split = reader.take(splitFieldBits) - 1;
    if (split > uncodedSplit) {
      throw new TileFormatException("a Rice block has " + split + " split bits");
    }
    if (split == uncodedSplit) {
      readUncoded(from, to);
    } else if (split >= 0) {
      reader.readCodes(split, values, from, to);
    } else {
      Arrays.fill(values, from, to, 0);
    }
  }

  private void readUncoded(int from, int to) {
    for (int i = from; i < to; i++) {
      values[i] = reader.take(8 * bytesPerPixel);
    }
  }

  /** Makes differences of what they are coded as: 0, 1, 2, 3, 4 stand for 0, -1, 1, -2, 2. */
  private static void unfold(int[] values, int count) {
    for (int i = 0; i < count; i++) {
      values[i] = (values[i] >>> 1) ^ -(values[i] & 1);
    }
  }

  /**
   * Adds the differences up.
   *
   * @param last the value before the first
   * @return the last value
   */
  private int store(int last, MemorySegment target, int count) {
    return switch (bytesPerPixel) {
      case 1 -> storeBytes(values, last, target, count);
      case 2 -> storeShorts(values, last, target, count);
      default -> storeInts(values, last, target, count);
    };
  }

  private static int storeBytes(int[] differences, int last, MemorySegment target, int count) {
    int value = last;
    for (int i = 0; i < count; i++) {
      value += differences[i];
      target.set(JAVA_BYTE, i, (byte) value);
    }
    return value;
  }

  private static int storeShorts(int[] differences, int last, MemorySegment target, int count) {
    int value = last;
    for (int i = 0; i < count; i++) {
      value += differences[i];
      target.set(JAVA_SHORT_UNALIGNED, 2L * i, (short) value);
    }
    return value;
  }

  private static int storeInts(int[] differences, int last, MemorySegment target, int count) {
    int value = last;
    for (int i = 0; i < count; i++) {
      value += differences[i];
      target.set(JAVA_INT_UNALIGNED, 4L * i, value);
    }
    return value;
  }
}
