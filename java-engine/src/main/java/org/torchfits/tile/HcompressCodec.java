package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * HCOMPRESS_1 (FITS 4.0, section 10.4.4; White, Postman and Lattanzi 1992): a Haar transform in two
 * dimensions, whose coefficients are coded bit plane by bit plane as quadtrees, the signs behind
 * them. Decodes to values of 4 bytes.
 *
 * <p>The arithmetic is that of cfitsio with 64 bits throughout. Scratch memory is some three times
 * that of the target.
 */
final class HcompressCodec implements TileCodec {
  private static final ValueLayout.OfShort BIG_ENDIAN_SHORT =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt BIG_ENDIAN_INT =
      JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong BIG_ENDIAN_LONG =
      JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final int MAGIC = 0xDD99;
  private static final int HEADER_BYTES = 25;

  /** More would reach the sign of a long. */
  private static final int MOST_PLANES = 62;

  private final boolean smooth;

  /**
   * @param smooth SMOOTH: whether the blocks of strongly quantised images are softened
   */
  HcompressCodec(boolean smooth) {
    this.smooth = smooth;
  }

  /**
   * What a stream begins with.
   *
   * @param rows length of the axis that varies slowest
   * @param columns length of the axis that varies fastest
   * @param scale what the coefficients were divided by
   * @param sum of all pixels: the one coefficient that is not coded
   */
  private record Header(int rows, int columns, int scale, long sum, int[] planes) {
    static Header of(MemorySegment compressed, int pixels) {
      if (compressed.byteSize() < HEADER_BYTES || (shortAt(compressed, 0) & 0xFFFF) != MAGIC) {
        throw new TileFormatException("the data do not begin as HCOMPRESS data do");
      }
      Header header =
          new Header(
              intAt(compressed, 2),
              intAt(compressed, 6),
              intAt(compressed, 10),
              compressed.get(BIG_ENDIAN_LONG, 14),
              new int[] {
                compressed.get(JAVA_BYTE, 22) & 0xFF,
                compressed.get(JAVA_BYTE, 23) & 0xFF,
                compressed.get(JAVA_BYTE, 24) & 0xFF
              });
      header.require(pixels);
      return header;
    }

    private static short shortAt(MemorySegment bytes, long offset) {
      return bytes.get(BIG_ENDIAN_SHORT, offset);
    }

    private static int intAt(MemorySegment bytes, long offset) {
      return bytes.get(BIG_ENDIAN_INT, offset);
    }

    private void require(int pixels) {
      if (rows < 1 || columns < 1 || (long) rows * columns != pixels) {
        throw new TileFormatException(
            rows + " x " + columns + " pixels where the tile has " + pixels);
      }
      for (int count : planes) {
        if (count > MOST_PLANES) {
          throw new TileFormatException(count + " bit planes");
        }
      }
    }

    /** Coefficients were divided by more than 1 or not at all. */
    int factor() {
      return Math.max(1, scale);
    }
  }

  @Override
  public void decode(MemorySegment compressed, MemorySegment target, int pixels) {
    Header header = Header.of(compressed, pixels);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment coefficients = arena.allocate(JAVA_LONG, pixels);
      decodeCoefficients(compressed.asSlice(HEADER_BYTES), header, coefficients);
      coefficients.setAtIndex(JAVA_LONG, 0, header.sum() * header.factor());
      InverseHaar transform =
          new InverseHaar(header.rows(), header.columns(), smooth ? header.scale() / 2 : 0, arena);
      transform.invert(coefficients, target);
    }
  }

  private static void decodeCoefficients(
      MemorySegment compressed, Header header, MemorySegment coefficients) {
    try (Arena arena = Arena.ofConfined()) {
      int upper = (header.rows() + 1) / 2;
      int lower = header.rows() / 2;
      int left = (header.columns() + 1) / 2;
      int right = header.columns() / 2;
      int[] planes = header.planes();
      Quadrant[] quadrants = {
        new Quadrant(upper, left, planes[0], arena),
        new Quadrant(upper, right, planes[1], arena),
        new Quadrant(lower, left, planes[1], arena),
        new Quadrant(lower, right, planes[2], arena)
      };
      BitReader bits = new BitReader(compressed);
      Quadtree quadtree = new Quadtree(quadrants[0].blockRows, quadrants[0].blockColumns, arena);
      for (Quadrant quadrant : quadrants) {
        quadtree.decode(bits, quadrant);
      }
      if (bits.take(4) != 0) {
        throw new TileFormatException("no end after the bit planes");
      }
      bits.align();
      readSigns(bits, quadrants, header.factor(), coefficients);
      bits.requireInside();
    }
  }

  /** The signs come in the order of the rows, through both quadrants of each. */
  private static void readSigns(
      BitReader bits, Quadrant[] quadrants, long scale, MemorySegment coefficients) {
    long at = 0;
    for (int half = 0; half < 4; half += 2) {
      Quadrant left = quadrants[half];
      Quadrant right = quadrants[half + 1];
      for (int row = 0; row < left.rows; row++) {
        left.readSigns(bits, row, scale, coefficients, at);
        right.readSigns(bits, row, scale, coefficients, at + left.columns);
        at += left.columns + right.columns;
      }
    }
  }
}
