package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * PLIO_1 (FITS 4.0, section 10.4.3), the line lists of IRAF for masks: big-endian words of 16 bits,
 * each an opcode and twelve bits of data, that write runs of zeros and of a value that is set and
 * changed on the way. Decodes to values of 4 bytes; pixels after the end of the list are zero.
 */
final class PlioCodec implements TileCodec {
  private static final ValueLayout.OfShort WORD =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final int DATA = 0xFFF;
  private static final int DATA_BITS = 12;

  /** Index of the word with the length of a list in the old form, where it is positive. */
  private static final int OLD_LENGTH = 2;

  private static final int OLD_HEADER_WORDS = 3;
  private static final int HEADER_WORDS = 7;

  @Override
  public void decode(MemorySegment compressed, MemorySegment target, int pixels) {
    long words = compressed.byteSize() / Short.BYTES;
    if (words < OLD_HEADER_WORDS) {
      throw new TileFormatException("a PLIO line list of " + words + " words");
    }
    boolean old = word(compressed, OLD_LENGTH) > 0;
    if (!old && words < HEADER_WORDS) {
      throw new TileFormatException("a PLIO line list of " + words + " words");
    }
    long first = old ? OLD_HEADER_WORDS : word(compressed, 1);
    long end =
        old ? word(compressed, OLD_LENGTH) : (word(compressed, 4) << 15) + word(compressed, 3);
    if (first < OLD_HEADER_WORDS || end < first || end > words) {
      throw new TileFormatException(
          "a PLIO line list from word " + first + " to " + end + " of " + words);
    }
    // Masks are zero for the most part, and one fill is faster than many.
    target.asSlice(0, (long) Integer.BYTES * pixels).fill((byte) 0);
    run(compressed, first, end, target, pixels);
  }

  /** Follows the instructions; the target is all zeros before. */
  private static void run(
      MemorySegment list, long first, long end, MemorySegment target, int pixels) {
    int value = 1;
    int at = 0;
    for (long ip = first; ip < end && at < pixels; ip++) {
      int word = word(list, ip);
      int data = word & DATA;
      int next = (int) Math.min((long) at + data, pixels);
      switch (word >> DATA_BITS) {
        case 0 -> at = next;
        case 1 -> {
          ip++;
          value = (secondWord(list, ip, end) << DATA_BITS) + data;
        }
        case 2 -> value += data;
        case 3 -> value -= data;
        case 4 -> {
          fill(target, at, next, value);
          at = next;
        }
        case 5 -> {
          // The value is the last pixel of the run, which may be beyond the tile.
          if (data > 0 && next - at == data) {
            put(target, next - 1, value);
          }
          at = next;
        }
        case 6 -> {
          value += data;
          put(target, at++, value);
        }
        case 7 -> {
          value -= data;
          put(target, at++, value);
        }
        default -> throw new TileFormatException("no PLIO instruction: " + word);
      }
    }
  }

  private static int secondWord(MemorySegment list, long ip, long end) {
    if (ip >= end) {
      throw new TileFormatException("the PLIO line list ends within an instruction");
    }
    return word(list, ip);
  }

  private static int word(MemorySegment list, long index) {
    return list.get(WORD, Short.BYTES * index);
  }

  private static void put(MemorySegment target, int at, int value) {
    target.set(JAVA_INT_UNALIGNED, (long) Integer.BYTES * at, value);
  }

  private static void fill(MemorySegment target, int from, int to, int value) {
    for (long i = from; i < to; i++) {
      target.set(JAVA_INT_UNALIGNED, Integer.BYTES * i, value);
    }
  }
}
