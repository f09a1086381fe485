package org.torchfits.tile;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.torchfits.kernel.SwapKernels;

/**
 * How one column of a compressed table is coded (FITS 4.0, section 10.3; where that leaves
 * something open, as cfitsio does it, which wrote nearly all such tables).
 *
 * @param letter of the elements' type, in the rows or in the heap
 * @param isOfArrays whether the elements are in the heap, each array compressed by itself
 */
public record ColumnCodec(Compression compression, char letter, boolean isOfArrays) {
  private static final int RICE_BLOCK = 32;

  /** Deflated bytes become at most 1,032 times as many, all others fewer. */
  private static final long MOST_RATIO = 1100;

  private static final long FEW_BYTES = 64 << 10;

  /**
   * The codec of a column.
   *
   * @param name ZCTYPn; null, if it is missing, means GZIP_2
   * @return null if elements of that type cannot be coded so
   */
  public static @Nullable ColumnCodec of(@Nullable String name, char letter, boolean isOfArrays) {
    Compression compression = name == null ? Compression.GZIP_2 : Compression.named(name.strip());
    if (compression == null) {
      return null;
    }
    boolean isKnown =
        switch (compression) {
          case GZIP_1, GZIP_2, NONE -> true;
          case RICE -> "BIJ".indexOf(letter) >= 0;
          case PLIO, HCOMPRESS -> false;
        };
    return isKnown ? new ColumnCodec(compression, letter, isOfArrays) : null;
  }

  /**
   * Whether so many bytes can become so many: what a header claims costs no memory before this.
   *
   * @param decoded from 0
   */
  public static boolean isWithinReach(long compressed, long decoded) {
    return decoded <= FEW_BYTES || decoded / MOST_RATIO <= compressed;
  }

  /**
   * Decodes the fields of a tile's rows; of arrays the descriptors, those of all arrays and behind
   * them those of their compressed bytes.
   *
   * @param compressed exactly the bytes of the cell
   * @param target takes all fields, as they stand in the file of a table that is not compressed
   * @throws TileFormatException if the bytes are not those of such fields
   */
  void decodeFields(MemorySegment compressed, MemorySegment target) {
    if (isOfArrays) {
      decode(new GzipCodec(1, false), 1, compressed, target);
    } else {
      // cfitsio leaves the bytes of complex numbers in rows in their places.
      int width = letter == 'C' || letter == 'M' ? 1 : elementBytes();
      decode(codec(width), width, compressed, target);
    }
  }

  /**
   * Decodes one array of variable length, likewise.
   *
   * @throws TileFormatException if the bytes are not those of such an array
   */
  void decodeArray(MemorySegment compressed, MemorySegment target) {
    if (compressed.byteSize() == target.byteSize()) {
      // What would not have become less was stored as it was.
      target.copyFrom(compressed);
    } else {
      int width = letter == 'M' ? 1 : elementBytes();
      decode(codec(width), width, compressed, target);
    }
  }

  private int elementBytes() {
    return TileColumn.elementBytes(letter);
  }

  private TileCodec codec(int width) {
    return switch (compression) {
      case RICE -> new RiceCodec(width, RICE_BLOCK);
      case NONE -> new NoCompressCodec(width);
      default -> new GzipCodec(width, compression == Compression.GZIP_2);
    };
  }

  private static void decode(
      TileCodec codec, int width, MemorySegment compressed, MemorySegment target) {
    int count = Math.toIntExact(target.byteSize() / width);
    codec.decode(compressed, target, count);
    if (codec.order() != ByteOrder.BIG_ENDIAN) {
      switch (width) {
        case 2 -> SwapKernels.swap2(target, 0, target, 0, count);
        case 4 -> SwapKernels.swap4(target, 0, target, 0, count);
        case 8 -> SwapKernels.swap8(target, 0, target, 0, count);
        default -> {}
      }
    }
  }
}
