package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.torchfits.dlpack.NativeMemoryException;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduReader;
import org.torchfits.tile.CachedTile;
import org.torchfits.tile.Tile;
import org.torchfits.tile.TileGrid;
import org.torchfits.tile.TileReader;
import org.torchfits.tile.TileScratch;
import org.torchfits.tile.TileValues;

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

  /** Of larger sections the tiles are not kept: they are meant to be read once. */
  private static final long KEPT_SECTION_BYTES = 32 << 20;

  private final HduReader reader;
  private final StoredFormat format;
  private final TileReader tileReader;
  private final TilePixels pixels;
  private final TileBox box;
  private final ImagePieces pieces;
  private final boolean keepsTiles;

  /**
   * @param reader is closed with this image
   */
  TiledImage(HduReader reader, Hdu hdu, Section section, StoredFormat format) {
    super(reader.source().name(), hdu, section, format.type());
    this.reader = reader;
    this.format = format;
    this.tileReader = new TileReader(place(), reader, hdu);
    this.pixels = new TilePixels(this, format);
    this.box = new TileBox(tileReader.grid(), section);
    this.pieces = new ImagePieces(box.tiles(), tilesPerPiece());
    this.keepsTiles = !section.isWhole(hdu.shape()) && bytes() <= KEPT_SECTION_BYTES;
  }

  private long tilesPerPiece() {
    long pieceElements = ImagePieces.of(this).pieceElements();
    return Math.clamp(
        pieceElements / TileGrid.pixels(tileReader.grid().tile()), 1, TILES_PER_PIECE);
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
    try (TileScratch scratch = TileScratch.borrow()) {
      long[] numbers = putKnown(pieces.first(piece), (int) pieces.length(piece), target, scratch);
      Tile[] tiles = readRows(numbers, scratch);
      for (int next = 0; next < tiles.length; ) {
        next = decodeNeighbours(numbers, tiles, next, target, scratch);
      }
    } catch (NativeMemoryException refused) {
      throw new FitsException(ErrorKind.OUT_OF_MEMORY, place() + ": " + refused.getMessage());
    }
  }

  @Override
  public void close() {
    reader.close();
  }

  /** Puts those tiles of the box that were kept in their place, and returns the others. */
  private long[] putKnown(long first, int count, MemorySegment target, TileScratch scratch) {
    long[] unknown = new long[count];
    int found = 0;
    for (int i = 0; i < count; i++) {
      if (!keepsTiles || !putIfKnown(first + i, target, scratch)) {
        unknown[i - found] = first + i;
      } else {
        found++;
      }
    }
    return Arrays.copyOf(unknown, count - found);
  }

  private boolean putIfKnown(long number, MemorySegment target, TileScratch scratch) {
    try (CachedTile known = tileReader.cached(box.index(number), pixels.floats())) {
      if (known != null) {
        pixels.put(known.values(), known.pixels(), box.overlap(number), target, scratch);
      }
      return known != null;
    }
  }

  /** Rows that follow each other are read at once. */
  private Tile[] readRows(long[] numbers, TileScratch scratch) {
    Tile[] tiles = new Tile[numbers.length];
    int most = tileReader.rowsIn(WINDOW_BYTES);
    for (int from = 0; from < tiles.length; ) {
      long index = box.index(numbers[from]);
      int count = 1;
      while (from + count < tiles.length
          && count < most
          && box.index(numbers[from + count]) == index + count) {
        count++;
      }
      tileReader.readRows(index, tiles, from, count, scratch);
      from += count;
    }
    return tiles;
  }

  /**
   * Reads and decodes a tile and those whose bytes stand close behind it.
   *
   * @return the next tile
   */
  private int decodeNeighbours(
      long[] numbers, Tile[] tiles, int from, MemorySegment target, TileScratch scratch) {
    int to = endOfNeighbours(tiles, from);
    MemorySegment bytes = tileReader.readTiles(tiles[from], tiles[to - 1], scratch);
    for (int i = from; i < to; i++) {
      long offset = tiles[i].offset() - tiles[from].offset();
      MemorySegment compressed = bytes.asSlice(offset, tiles[i].bytes());
      decode(tiles[i], box.overlap(numbers[i]), compressed, target, scratch);
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
    if (overlap.isRangeOfResult() && pixels.keepWidth(tileReader.isQuantized(tile))) {
      int count = overlap.tilePixels();
      long elementBytes = format.type().bytes();
      long offset = overlap.resultOffset(0) * elementBytes;
      MemorySegment range = target.asSlice(offset, count * elementBytes);
      pixels.finish(values(tile, overlap, compressed, range, scratch), range, count);
    } else {
      decodeApart(tile, overlap, compressed, target, scratch);
    }
  }

  /** Decodes a tile beside the result, where it may be kept. */
  private void decodeApart(
      Tile tile,
      TileOverlap overlap,
      MemorySegment compressed,
      MemorySegment target,
      TileScratch scratch) {
    long bytes = (long) overlap.tilePixels() * pixels.widestBytes();
    try (CachedTile kept =
        keepsTiles ? tileReader.reserve(tile.index(), pixels.floats(), bytes) : null) {
      MemorySegment apart = kept == null ? scratch.pixels(bytes) : kept.pixels();
      TileValues values = values(tile, overlap, compressed, apart, scratch);
      if (kept != null) {
        kept.keep(values);
      }
      pixels.put(values, apart, overlap, target, scratch);
    }
  }

  private TileValues values(
      Tile tile,
      TileOverlap overlap,
      MemorySegment compressed,
      MemorySegment into,
      TileScratch scratch) {
    return tileReader.decode(tile, compressed, overlap.shape(), into, pixels.floats(), scratch);
  }
}
