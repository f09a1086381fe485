package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Magnitudes of a quadrant of HCOMPRESS's coefficients while their bit planes come in.
 *
 * <p>Four neighbours, two by two, are a block. A long holds 16 planes of each of the four, so that
 * one operation puts a plane's bits into all: the first coefficient has the highest 16 bits, its
 * right neighbour the next, then come the two of the row below.
 */
final class Quadrant {
  private static final int PLANES_OF_A_LONG = 16;

  /** Moves bit i of a number of four bits to bit 16 i, among others that the mask takes away. */
  private static final long SPREAD = 1L | 1L << 15 | 1L << 30 | 1L << 45;

  private static final long LOWEST_BITS = 0x0001_0001_0001_0001L;

  final int rows;
  final int columns;
  final int planes;

  /** At least 1, since the quadtree of a quadrant without pixels has a root nonetheless. */
  final int blockRows;

  final int blockColumns;

  private final long blocks;

  /** Longs of planes 0 to 15, of planes 16 to 31 and so on. */
  private final MemorySegment[] longs;

  /** All magnitudes zero, in memory of the arena. */
  Quadrant(int rows, int columns, int planes, Arena arena) {
    this.rows = rows;
    this.columns = columns;
    this.planes = planes;
    this.blockRows = Math.max(1, (rows + 1) / 2);
    this.blockColumns = Math.max(1, (columns + 1) / 2);
    this.blocks = (long) blockRows * blockColumns;
    this.longs = new MemorySegment[Math.max(1, (planes + 15) / PLANES_OF_A_LONG)];
    for (int i = 0; i < longs.length; i++) {
      longs[i] = arena.allocate(JAVA_LONG, blocks);
    }
  }

  /** A plane that is not coded: four bits for each block. */
  void readPlane(BitReader bits, int plane) {
    if (rows == 0 || columns == 0) {
      return;
    }
    MemorySegment target = longs[plane / PLANES_OF_A_LONG];
    int shift = plane % PLANES_OF_A_LONG;
    int together = BitReader.REFILLED / 4;
    long at = 0;
    for (; at + together <= blocks; at += together) {
      bits.refill();
      insertAll(target, at, at + together, shift, bits.window);
      bits.window <<= BitReader.REFILLED;
      bits.available -= BitReader.REFILLED;
    }
    for (; at < blocks; at++) {
      insertAll(target, at, at + 1, shift, (long) bits.take(4) << (Long.SIZE - 4));
    }
  }

  private static void insertAll(
      MemorySegment target, long from, long to, int shift, long highestFirst) {
    long fours = highestFirst;
    for (long at = from; at < to; at++) {
      long spread = ((fours >>> (Long.SIZE - 4)) * SPREAD) & LOWEST_BITS;
      target.setAtIndex(JAVA_LONG, at, target.getAtIndex(JAVA_LONG, at) | (spread << shift));
      fours <<= 4;
    }
  }

  /**
   * Four bits for each of some blocks of a row.
   *
   * @param where columns of the blocks, an int each, from the index {@code from} on
   * @param fours the bits, a byte each
   */
  void insert(
      int plane, int blockRow, MemorySegment where, MemorySegment fours, long from, long to) {
    MemorySegment target = longs[plane / PLANES_OF_A_LONG];
    int shift = plane % PLANES_OF_A_LONG;
    long row = (long) blockRow * blockColumns;
    for (long i = from; i < to; i++) {
      long at = row + where.getAtIndex(JAVA_INT, i);
      long spread = (fours.get(JAVA_BYTE, i) * SPREAD) & LOWEST_BITS;
      target.setAtIndex(JAVA_LONG, at, target.getAtIndex(JAVA_LONG, at) | (spread << shift));
    }
  }

  /**
   * Takes the signs of a row: a bit for each magnitude that is not zero.
   *
   * @param scale factor of the coefficients
   * @param target takes {@link #columns} longs from the index {@code start} on
   */
  void readSigns(BitReader bits, int row, long scale, MemorySegment target, long start) {
    long firstBlock = (row / 2) * (long) blockColumns;
    int shift = row % 2 == 0 ? 32 : 0;
    if (longs.length == 1) {
      readSigns(bits, longs[0], firstBlock, shift, columns, scale, target, start);
    } else {
      for (int column = 0; column < columns; column++) {
        long magnitude = magnitude(firstBlock + column / 2, shift + (column % 2 == 0 ? 16 : 0));
        long signed = magnitude != 0 && bits.take(1) == 1 ? -magnitude : magnitude;
        target.setAtIndex(JAVA_LONG, start + column, signed * scale);
      }
    }
  }

  private long magnitude(long block, int shift) {
    long magnitude = 0;
    for (int i = 0; i < longs.length; i++) {
      long planesOfIt = (longs[i].getAtIndex(JAVA_LONG, block) >>> shift) & 0xFFFF;
      magnitude |= planesOfIt << (PLANES_OF_A_LONG * i);
    }
    return magnitude;
  }

  /** Magnitudes of 16 planes. No branch depends on a value or on a sign. */
  private static void readSigns(
      BitReader bits,
      MemorySegment blocks,
      long firstBlock,
      int shift,
      int columns,
      long scale,
      MemorySegment target,
      long start) {
    long window = bits.window;
    int available = bits.available;
    long next = bits.next;
    for (int column = 0; column < columns; column += 2) {
      window |= bits.load(next) >>> available;
      next += (63 - available) >>> 3;
      available |= BitReader.REFILLED;
      long pair = blocks.getAtIndex(JAVA_LONG, firstBlock + column / 2) >>> shift;
      long left = (pair >>> 16) & 0xFFFF;
      long isLeft = -left >>> 63;
      long leftSign = (window >> 63) & -isLeft;
      window <<= isLeft;
      target.setAtIndex(JAVA_LONG, start + column, ((left ^ leftSign) - leftSign) * scale);
      available -= (int) isLeft;
      if (column + 1 < columns) {
        long right = pair & 0xFFFF;
        long isRight = -right >>> 63;
        long rightSign = (window >> 63) & -isRight;
        window <<= isRight;
        available -= (int) isRight;
        target.setAtIndex(JAVA_LONG, start + column + 1, ((right ^ rightSign) - rightSign) * scale);
      }
    }
    bits.window = window;
    bits.available = available;
    bits.next = next;
  }
}
