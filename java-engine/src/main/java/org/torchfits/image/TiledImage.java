package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.NativeMemoryException;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduReader;
import org.torchfits.header.Keywords;
import org.torchfits.tile.Tile;
import org.torchfits.tile.TileDecoder;
import org.torchfits.tile.TileDecoder.Floats;
import org.torchfits.tile.TileDecoder.Values;
import org.torchfits.tile.TileGrid;
import org.torchfits.tile.TileScratch;
import org.torchfits.tile.TileTable;

/**
 * A tile-compressed image, decoded by the engine (FITS 4.0, section 10): of the tiles that the
 * section touches each is read and decoded once, where it can be straight into the result.
 */
final class TiledImage extends OpenImage {
  /** Each tile takes a microsecond or more. */
  private static final long TILES_PER_PIECE = 1024;

  /** Tiles that stand in so many bytes of the file are read at once; they stay in the cache. */
  private static final long WINDOW_BYTES = 256 << 10;

  /** So many bytes that nobody asked for are read rather than to read twice. */
  private static final long GAP_BYTES = 4 << 10;

  private final HduReader reader;
  private final StoredFormat format;
  private final TileTable table;
  private final TileDecoder decoder;

  /** What quantised values are made first, as by cfitsio: elements, if such floats are wanted. */
  private final Floats floats;

  private final TileBox box;
  private final ImagePieces pieces;
  private final PixelDecoder bigEndian;

  /** Of values in native byte order; null where these are elements but for their sign. */
  private final @Nullable PixelDecoder nativeOrder;

  /** Of floats; null where these are elements. */
  private final @Nullable PixelDecoder physical;

  /**
   * @param reader is closed with this image
   */
  TiledImage(HduReader reader, Hdu hdu, Section section, StoredFormat format) {
    super(reader.source().name(), hdu, section, format.type());
    Keywords header = new Keywords(place(), reader.headerText(hdu));
    this.reader = reader;
    this.format = format;
    this.table = TileTable.of(place(), reader, hdu, header);
    this.decoder = new TileDecoder(place(), hdu, header, table);
    ElementType type = hdu.bitpix() < 0 ? format.typeOfCfitsio() : format.type();
    this.floats = new Floats(type.bytes(), format.scale(), format.zero());
    this.bigEndian = PixelDecoder.of(format);
    this.nativeOrder = format.isBitwise() ? null : PixelDecoder.ofNative(format);
    this.physical =
        type == format.type()
            ? null
            : PixelDecoder.ofNative(StoredFormat.ofPhysical(type, format.type()));
    this.box = new TileBox(table.grid(), section);
    this.pieces = new ImagePieces(box.tiles(), tilesPerPiece());
  }

  private long tilesPerPiece() {
    long pieceElements = ImagePieces.of(this).pieceElements();
    return Math.clamp(pieceElements / TileGrid.pixels(table.grid().tile()), 1, TILES_PER_PIECE);
  }

  @Override
  public boolean isParallel() {
    return true;
  }

  @Override
  public long pieces() {
    return pieces.count();
  }

  @Override
  public void readPiece(long piece, MemorySegment target) {
    long first = pieces.first(piece);
    Tile[] tiles = new Tile[(int) pieces.length(piece)];
    try (TileScratch scratch = TileScratch.borrow()) {
      readRows(first, tiles, scratch);
      for (int next = 0; next < tiles.length; ) {
        next = decodeNeighbours(first, tiles, next, target, scratch);
      }
    } catch (NativeMemoryException refused) {
      throw new FitsException(ErrorKind.OUT_OF_MEMORY, place() + ": " + refused.getMessage());
    }
  }

  @Override
  public void close() {
    reader.close();
  }

  /** Rows that follow each other are read at once. */
  private void readRows(long first, Tile[] tiles, TileScratch scratch) {
    int most = table.rowsIn(WINDOW_BYTES);
    for (int from = 0; from < tiles.length; ) {
      long index = box.index(first + from);
      int count = 1;
      while (from + count < tiles.length
          && count < most
          && box.index(first + from + count) == index + count) {
        count++;
      }
      table.readRows(index, tiles, from, count, scratch);
      from += count;
    }
  }

  /**
   * Reads and decodes a tile and those whose bytes stand close behind it.
   *
   * @return the next tile
   */
  private int decodeNeighbours(
      long first, Tile[] tiles, int from, MemorySegment target, TileScratch scratch) {
    int to = endOfNeighbours(tiles, from);
    MemorySegment bytes = table.readTiles(tiles[from], tiles[to - 1], scratch);
    for (int i = from; i < to; i++) {
      long offset = tiles[i].offset() - tiles[from].offset();
      MemorySegment compressed = bytes.asSlice(offset, tiles[i].bytes());
      decode(tiles[i], box.overlap(first + i), compressed, target, scratch);
    }
    return to;
  }

  private static int endOfNeighbours(Tile[] tiles, int from) {
    int to = from + 1;
    while (to < tiles.length
        && tiles[to].offset() >= tiles[to - 1].end()
        && tiles[to].offset() - tiles[to - 1].end() <= GAP_BYTES
        && tiles[to].end() - tiles[from].offset() <= WINDOW_BYTES) {
      to++;
    }
    return to;
  }

  private void decode(
      Tile tile,
      TileOverlap overlap,
      MemorySegment compressed,
      MemorySegment target,
      TileScratch scratch) {
    int count = overlap.tilePixels();
    boolean keepsWidth = table.isQuantized(tile) ? physical == null : format.isBitwise();
    if (keepsWidth && overlap.isRangeOfResult()) {
      long elementBytes = format.type().bytes();
      long offset = overlap.resultOffset(0) * elementBytes;
      MemorySegment range = target.asSlice(offset, count * elementBytes);
      Values values = decoder.decode(tile, compressed, overlap.shape(), range, floats, scratch);
      finish(values, range, count);
    } else {
      long widest = Math.max(floats.bytes(), format.storedBytes());
      MemorySegment pixels = scratch.pixels(count * widest);
      Values values = decoder.decode(tile, compressed, overlap.shape(), pixels, floats, scratch);
      put(values, pixels, overlap, target, scratch);
    }
  }

  /** Makes elements of a tile's values where they stand. */
  private void finish(Values values, MemorySegment range, int count) {
    if (values == Values.STORED_BIG_ENDIAN) {
      bigEndian.decode(range, 0, range, 0, count);
    } else if (values == Values.STORED_NATIVE && format.flipsSign()) {
      SignKernels.flip(range, format.storedBytes(), count);
    }
  }

  /** Makes elements of those of a tile's values that are in the section. */
  private void put(
      Values values,
      MemorySegment pixels,
      TileOverlap overlap,
      MemorySegment target,
      TileScratch scratch) {
    PixelDecoder pixelDecoder =
        switch (values) {
          case STORED_BIG_ENDIAN -> bigEndian;
          case STORED_NATIVE -> nativeOrder;
          case FLOATS -> physical;
        };
    if (pixelDecoder == null) {
      finish(values, pixels, overlap.tilePixels());
      copyRuns(pixels, overlap, target);
    } else {
      int valueBytes = values == Values.FLOATS ? floats.bytes() : format.storedBytes();
      decodeRuns(pixelDecoder, valueBytes, pixels, overlap, target, scratch);
    }
  }

  private void copyRuns(MemorySegment elements, TileOverlap overlap, MemorySegment target) {
    int elementBytes = format.type().bytes();
    for (long run = 0; run < overlap.runs(); run++) {
      GatherKernels.gather(
          elementBytes,
          elements,
          overlap.tileOffset(run) * elementBytes,
          overlap.runDistance() * elementBytes,
          target,
          overlap.resultOffset(run) * elementBytes,
          overlap.runLength());
    }
  }

  /** Values that stand apart are packed before they are decoded. */
  private void decodeRuns(
      PixelDecoder pixelDecoder,
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
      decode(pixelDecoder, values, packed ? offset : 0, target, first, length);
    }
  }
}
