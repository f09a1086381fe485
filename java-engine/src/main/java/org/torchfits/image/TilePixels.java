package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.ElementType;
import org.torchfits.kernel.GatherKernels;
import org.torchfits.kernel.SignKernels;
import org.torchfits.tile.TileFloats;
import org.torchfits.tile.TileScratch;
import org.torchfits.tile.TileValues;

/**
 * Makes elements of the decoded values of tiles.
 *
 * <p>Safe for use by several threads.
 */
final class TilePixels {
  private final OpenImage image;
  private final StoredFormat format;
  private final TileFloats floats;
  private final PixelDecoder bigEndian;

  /** Of values in native byte order; null where these are elements but for their sign. */
  private final @Nullable PixelDecoder nativeOrder;

  /** Of floats; null where these are elements. */
  private final @Nullable PixelDecoder physical;

  /**
   * @param image whose elements are made
   */
  TilePixels(OpenImage image, StoredFormat format) {
    this.image = image;
    this.format = format;
    ElementType type = format.bitpix() < 0 ? format.typeOfCfitsio() : format.type();
    this.floats = new TileFloats(type.bytes(), format.scale(), format.zero());
    this.bigEndian = PixelDecoder.of(format);
    this.nativeOrder = format.isBitwise() ? null : PixelDecoder.ofNative(format);
    this.physical =
        type == format.type()
            ? null
            : PixelDecoder.ofNative(StoredFormat.ofPhysical(type, format.type()));
  }

  /** What quantised values are made first, as by cfitsio: elements, if such floats are wanted. */
  TileFloats floats() {
    return floats;
  }

  /** Whether the decoded values are as wide as the elements, and can become these in place. */
  boolean keepWidth(boolean quantized) {
    return quantized ? physical == null : format.isBitwise();
  }

  /** Bytes of the widest values that a tile can be decoded to. */
  int widestBytes() {
    int stored = format.storedBytes();
    return format.bitpix() < 0 ? Math.max(floats.bytes(), stored) : stored;
  }

  /** Bytes of each of a tile's values. */
  int bytes(TileValues values) {
    return values == TileValues.FLOATS ? floats.bytes() : format.storedBytes();
  }

  /** Makes elements where the values are, which keep their width. */
  void finish(TileValues values, MemorySegment range, int count) {
    if (values == TileValues.STORED_BIG_ENDIAN) {
      bigEndian.decode(range, 0, range, 0, count);
    } else if (values == TileValues.STORED_NATIVE && format.flipsSign()) {
      SignKernels.flip(range, format.storedBytes(), count);
    }
  }

  /** Makes elements of those of a tile's values that are in the section; the values stay. */
  void put(
      TileValues values,
      MemorySegment pixels,
      TileOverlap overlap,
      MemorySegment target,
      TileScratch scratch) {
    PixelDecoder decoder =
        switch (values) {
          case STORED_BIG_ENDIAN -> bigEndian;
          case STORED_NATIVE -> nativeOrder;
          case FLOATS -> physical;
        };
    if (decoder == null) {
      copyRuns(values, pixels, overlap, target);
    } else {
      decodeRuns(decoder, bytes(values), pixels, overlap, target, scratch);
    }
  }

  private void copyRuns(
      TileValues values, MemorySegment pixels, TileOverlap overlap, MemorySegment target) {
    int elementBytes = format.type().bytes();
    int length = (int) overlap.runLength();
    for (long run = 0; run < overlap.runs(); run++) {
      long offset = overlap.tileOffset(run) * elementBytes;
      long distance = overlap.runDistance() * elementBytes;
      long place = overlap.resultOffset(run) * elementBytes;
      GatherKernels.gather(elementBytes, pixels, offset, distance, target, place, length);
      if (values == TileValues.STORED_NATIVE && format.flipsSign()) {
        SignKernels.flip(target.asSlice(place), elementBytes, length);
      }
    }
  }

  /** Values that stand apart are packed before they are decoded. */
  private void decodeRuns(
      PixelDecoder decoder,
      int valueBytes,
      MemorySegment pixels,
      TileOverlap overlap,
      MemorySegment target,
      TileScratch scratch) {
    long length = overlap.runLength();
    boolean packed = overlap.runDistance() == 1;
    MemorySegment values = packed ? pixels : scratch.packed(length * valueBytes);
    for (long run = 0; run < overlap.runs(); run++) {
      long offset = overlap.tileOffset(run) * valueBytes;
      if (!packed) {
        long distance = overlap.runDistance() * valueBytes;
        GatherKernels.gather(valueBytes, pixels, offset, distance, values, 0, length);
      }
      long first = overlap.resultOffset(run);
      image.decode(decoder, values, packed ? offset : 0, target, first, length);
    }
  }
}
