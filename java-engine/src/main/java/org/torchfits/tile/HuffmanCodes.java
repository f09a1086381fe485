package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The fixed code of HCOMPRESS for four bits, of three to six bits: which of four neighbours have
 * something in them.
 */
final class HuffmanCodes {
  /** Bytes beyond those asked for that reading may overwrite. */
  static final int SLACK_BYTES = 4;

  private static final ValueLayout.OfInt FOUR_BYTES =
      JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int LONGEST = 6;
  private static final int[] CODES = {
    0x3e, 0x00, 0x01, 0x08, 0x02, 0x09, 0x1a, 0x1b, 0x03, 0x1c, 0x0a, 0x1d, 0x0b, 0x1e, 0x3f, 0x0c
  };
  private static final int[] LENGTHS = {6, 3, 3, 4, 3, 4, 5, 5, 3, 5, 4, 5, 4, 5, 6, 4};

  /** By the next six bits: the value, and the length of its code times 16. */
  private static final byte[] SINGLE = singles();

  private static final int LOOKED_AT = 10;
  private static final int LENGTH_SHIFT = 32;
  private static final int COUNT_SHIFT = 40;

  /** Look-ups of at most ten bits after a refill, which give at most three values each. */
  private static final int LOOKUPS = BitReader.REFILLED / LOOKED_AT;

  private static final int MOST_VALUES = 3 * LOOKUPS;

  /**
   * By the next ten bits: the values whose codes are whole in them, a byte each from the lowest on;
   * then a byte with the length of the codes, and one with the count of the values.
   */
  private static final long[] SEVERAL = several();

  private HuffmanCodes() {}

  private static byte[] singles() {
    byte[] table = new byte[1 << LONGEST];
    for (int value = 0; value < CODES.length; value++) {
      int free = LONGEST - LENGTHS[value];
      for (int rest = 0; rest < (1 << free); rest++) {
        table[(CODES[value] << free) | rest] = (byte) ((LENGTHS[value] << 4) | value);
      }
    }
    return table;
  }

  private static long[] several() {
    long[] table = new long[1 << LOOKED_AT];
    for (int bits = 0; bits < table.length; bits++) {
      table[bits] = entry(bits);
    }
    return table;
  }

  private static long entry(int bits) {
    long values = 0;
    int count = 0;
    int used = 0;
    while (true) {
      // Zeros come in from the right: where they matter, the code is longer than what is left.
      int next = (bits << used) & ((1 << LOOKED_AT) - 1);
      int single = SINGLE[next >> (LOOKED_AT - LONGEST)];
      if (used + (single >> 4) > LOOKED_AT) {
        return values | ((long) used << LENGTH_SHIFT) | ((long) count << COUNT_SHIFT);
      }
      values |= (single & 15L) << (8 * count++);
      used += single >> 4;
    }
  }

  /** One value. */
  static int read(BitReader bits) {
    bits.refill();
    int single = SINGLE[(int) (bits.window >>> (Long.SIZE - LONGEST))];
    bits.window <<= single >> 4;
    bits.available -= single >> 4;
    return single & 15;
  }

  /**
   * Values, a byte each.
   *
   * @param values room for {@code count} and {@link #SLACK_BYTES} more
   */
  static void read(BitReader bits, MemorySegment values, int count) {
    int done = readMost(bits, values, count - MOST_VALUES);
    for (; done < count; done++) {
      values.set(JAVA_BYTE, done, (byte) read(bits));
    }
  }

  /** Reads at least as many as {@code enough}, and no more than a refill gives above it. */
  private static int readMost(BitReader bits, MemorySegment values, int enough) {
    long window = bits.window;
    int available = bits.available;
    long next = bits.next;
    int done = 0;
    while (done <= enough) {
      window |= bits.load(next) >>> available;
      next += (63 - available) >>> 3;
      available |= BitReader.REFILLED;
      for (int i = 0; i < LOOKUPS; i++) {
        long entry = SEVERAL[(int) (window >>> (Long.SIZE - LOOKED_AT))];
        values.set(FOUR_BYTES, done, (int) entry);
        int length = (int) (entry >>> LENGTH_SHIFT) & 0xFF;
        done += (int) (entry >>> COUNT_SHIFT);
        window <<= length;
        available -= length;
      }
    }
    bits.window = window;
    bits.available = available;
    bits.next = next;
    return done;
  }
}
