package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Reads bits and Rice codes of a segment, most significant first. The bytes pass through an array,
 * whose loads cost less than those of a segment. Beyond the end it gives zeros, which no code ends
 * with; whoever takes bits asks by {@link #requireInside()} whether it went there.
 *
 * <p>For one thread at a time; used again by {@link #open}.
 */
final class RiceReader {
  private static final VarHandle BIG_ENDIAN_LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

  private static final int CHUNK_BYTES = 8 << 10;

  /** Zeros behind the last byte, so that a long can be loaded from a little beyond the end. */
  private static final int PADDING_BYTES = 2 * Long.BYTES;

  /** As many bits as a refill gives at least. */
  private static final int REFILLED = 56;

  /** With more split bits four codes are often longer than a refill. */
  private static final int MOST_SPLIT_OF_FOURS = 10;

  private MemorySegment source = MemorySegment.NULL;

  /** Offset in the source of the first byte that is not in the array yet. */
  private long loaded;

  private byte[] bytes = {};

  /** How many bytes of the array are of the source. */
  private int end;

  /** Where a long can be loaded at most. */
  private int lastLong;

  /** The next bits, at the upper end; below {@link #available} there may be some more true bits. */
  private long window;

  /** How many bits of the window count as loaded: 0 to 63. */
  private int available;

  /** Index of the first byte that does not count as loaded. */
  private int next;

  /** Begins to read a segment. */
  void open(MemorySegment compressed) {
    source = compressed;
    int most = (int) Math.min(CHUNK_BYTES, compressed.byteSize()) + PADDING_BYTES;
    if (bytes.length < most) {
      bytes = new byte[most];
    }
    loaded = 0;
    end = 0;
    next = 0;
    window = 0;
    available = 0;
    load();
  }

  /** Goes on to the part of the source that begins with the next byte. */
  private void load() {
    if (next > end) {
      throw endsTooEarly();
    }
    loaded -= end - next;
    end = (int) Math.min(bytes.length - PADDING_BYTES, source.byteSize() - loaded);
    MemorySegment.copy(source, JAVA_BYTE, loaded, bytes, 0, end);
    loaded += end;
    next = 0;
    if (loaded == source.byteSize()) {
      Arrays.fill(bytes, end, end + PADDING_BYTES, (byte) 0);
      lastLong = end + PADDING_BYTES - Long.BYTES;
    } else {
      lastLong = end - Long.BYTES;
    }
  }

  /**
   * No branch but for a new part, and no wait for the load: {@code next} is known since the refill
   * before.
   */
  private void refill() {
    if (next > lastLong) {
      load();
    }
    window |= (long) BIG_ENDIAN_LONG.get(bytes, next) >>> available;
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

  /**
   * Reads codes: zeros, a one that ends them, and split bits. The number of zeros is the upper part
   * of a value, the split bits are its lower part.
   *
   * @param split how many split bits each code has: 0 to 31
   * @param values takes them, from {@code from} to {@code to}
   * @throws TileFormatException if the bits end before a one
   */
  void readCodes(int split, int[] values, int from, int to) {
    int at = split <= MOST_SPLIT_OF_FOURS ? readFours(split, values, from, to) : from;
    at = readSingly(split, values, at, to);
    while (at < to) {
      values[at] = takeCode(split);
      at = readSingly(split, values, at + 1, to);
    }
  }

  /**
   * The hot loop: stops before four codes that are longer than a refill. Its pace is set by the few
   * steps that lead from a window to that of the next value, which need no part of the values.
   *
   * @return index of the first value that is not read
   */
  private int readFours(int split, int[] values, int from, int to) {
    byte[] array = bytes;
    int last = lastLong;
    long carried = window;
    int bits = available;
    int position = next;
    int shortest = split + 1;
    int at = from;
    for (; at < to - 3 && position <= last; at += 4) {
      long first = carried | (long) BIG_ENDIAN_LONG.get(array, position) >>> bits;
      position += (63 - bits) >>> 3;
      bits |= REFILLED;
      carried = first;
      int firstZeros = Long.numberOfLeadingZeros(first);
      int firstLength = firstZeros + shortest;
      long second = first << firstLength;
      int secondZeros = Long.numberOfLeadingZeros(second);
      int secondLength = secondZeros + shortest;
      long third = second << secondLength;
      int thirdZeros = Long.numberOfLeadingZeros(third);
      int thirdLength = thirdZeros + shortest;
      long fourth = third << thirdLength;
      int fourthZeros = Long.numberOfLeadingZeros(fourth);
      int fourthLength = fourthZeros + shortest;
      int length = firstLength + secondLength + thirdLength + fourthLength;
      if (length > bits) {
        break;
      }
      carried = fourth << fourthLength;
      bits -= length;
      values[at] = value(first, firstZeros, split, firstLength);
      values[at + 1] = value(second, secondZeros, split, secondLength);
      values[at + 2] = value(third, thirdZeros, split, thirdLength);
      values[at + 3] = value(fourth, fourthZeros, split, fourthLength);
    }
    window = carried;
    available = bits;
    next = position;
    return at;
  }

  /**
   * Stops before a code that is longer than a refill.
   *
   * @return index of the first value that is not read
   */
  private int readSingly(int split, int[] values, int from, int to) {
    byte[] array = bytes;
    int last = lastLong;
    long carried = window;
    int bits = available;
    int position = next;
    int shortest = split + 1;
    int at = from;
    for (; at < to; at++) {
      int zeros = Long.numberOfLeadingZeros(carried);
      int length = zeros + shortest;
      if (length > bits) {
        if (position > last) {
          break;
        }
        carried |= (long) BIG_ENDIAN_LONG.get(array, position) >>> bits;
        position += (63 - bits) >>> 3;
        bits |= REFILLED;
        zeros = Long.numberOfLeadingZeros(carried);
        length = zeros + shortest;
        if (length > bits) {
          break;
        }
      }
      values[at] = value(carried, zeros, split, length);
      carried <<= length;
      bits -= length;
    }
    window = carried;
    available = bits;
    next = position;
    return at;
  }

  /** The one before the split bits comes along, and is taken from the zeros. */
  private static int value(long window, int zeros, int split, int length) {
    return (int) (window >>> (Long.SIZE - length)) + ((zeros - 1) << split);
  }

  /** A code of any length. */
  private int takeCode(int split) {
    int upper = takeZeros() << split;
    return split == 0 ? upper : upper | take(split);
  }

  private int takeZeros() {
    long zeros = 0;
    refill();
    while (Long.numberOfLeadingZeros(window) >= available) {
      zeros += available;
      window <<= available;
      available = 0;
      requireInside();
      refill();
    }
    int last = Long.numberOfLeadingZeros(window);
    window = window << last << 1;
    available -= last + 1;
    return (int) (zeros + last);
  }

  /**
   * @throws TileFormatException if bits were taken that are beyond the end
   */
  void requireInside() {
    if (8L * next - available > 8L * end) {
      throw endsTooEarly();
    }
  }

  private static TileFormatException endsTooEarly() {
    return new TileFormatException("the compressed data end too early");
  }
}
