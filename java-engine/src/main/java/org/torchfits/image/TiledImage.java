package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
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
import org.torchfits.work.Stage;
import org.torchfits.work.Tally;

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

  /** Whether others want the same tiles, also those that could be decoded straight into place. */
  private final boolean isShared;

  /**
   * @param reader is closed with this image
   */
  TiledImage(HduReader reader, Hdu hdu, Section section, StoredFormat format) {
    this(reader, hdu, section, format, SharedTiles.of(reader, hdu, false));
  }

  /**
   * @param tiles of the image
   */
  TiledImage(HduReader reader, Hdu hdu, Section section, StoredFormat format, SharedTiles tiles) {
    super(reader.source(), hdu, section, format.type());
    this.reader = reader;
    this.format = format;
    this.tileReader = tiles.reader();
    this.isShared = tiles.areWantedAgain();
    this.pixels = new TilePixels(this, format);
    this.box = new TileBox(tileReader.grid(), section);
    this.pieces = new ImagePieces(box.tiles(), tilesPerPiece());
    this.keepsTiles = (isShared || !section.isWhole(hdu.shape())) && bytes() <= KEPT_SECTION_BYTES;
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
  void decodePiece(long piece, MemorySegment target) {
    long[] left = numbers(piece);
    try (TileScratch scratch = TileScratch.borrow()) {
      while (left.length > 0) {
        left = readTiles(left, target, scratch);
      }
    } catch (NativeMemoryException refused) {
      throw new FitsException(ErrorKind.OUT_OF_MEMORY, place() + ": " + refused.getMessage());
    }
  }

  @Override
  public void close() {
    reader.close();
  }

  private long[] numbers(long piece) {
    long[] numbers = new long[(int) pieces.length(piece)];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = pieces.first(piece) + i;
    }
    return numbers;
  }

  /**
   * Puts tiles of the box in their place: those that are known, then those that this thread
   * decodes, at last those that others were decoding meanwhile.
   *
   * @return those that others gave up
   */
  private long[] readTiles(long[] numbers, MemorySegment target, TileScratch scratch) {
    try (TileLeases leases = new TileLeases(numbers)) {
      if (keepsTiles) {
        leases.claim(this::claim);
        putAll(leases, leases.known(), target, scratch);
      }
      Unknown unknown = unknown(leases, scratch);
      for (int next = 0; next < unknown.tiles().length; ) {
        next = decodeNeighbours(unknown, next, target, scratch);
      }
      putAll(leases, leases.awaited(), target, scratch);
      return leases.givenUp();
    }
  }

  /** The lease of a tile; null if it is not kept. */
  private @Nullable CachedTile claim(long number) {
    TileOverlap overlap = box.overlap(number);
    if (overlap.isRangeOfResult() && !isShared) {
      return null;
    }
    return tileReader.claim(
        box.index(number), pixels.floats(), overlap.tilePixels(), pixels.widestBytes());
  }

  private void putAll(TileLeases leases, int[] places, MemorySegment target, TileScratch scratch) {
    if (places.length == 0) {
      return;
    }
    long start = System.nanoTime();
    for (int place : places) {
      CachedTile tile = leases.lease(place);
      TileOverlap overlap = box.overlap(leases.number(place));
      pixels.put(tile.values(), tile.pixels(), overlap, target, scratch);
    }
    Tally.mine().addSince(Stage.COPY_NANOS, start);
    Tally.mine().add(Stage.TILES_FOUND, places.length);
  }

  /**
   * Tiles that are to be read and decoded.
   *
   * @param numbers in the box
   * @param leases of those that are kept; null for the others
   */
  private record Unknown(long[] numbers, @Nullable CachedTile[] leases, Tile[] tiles) {}

  private Unknown unknown(TileLeases leases, TileScratch scratch) {
    int[] places = leases.unknown();
    long[] numbers = new long[places.length];
    @Nullable CachedTile[] own = new @Nullable CachedTile[places.length];
    for (int i = 0; i < places.length; i++) {
      numbers[i] = leases.number(places[i]);
      own[i] = leases.own(places[i]);
    }
    return new Unknown(numbers, own, readRows(numbers, scratch));
  }

  /** Rows that follow each other are read at once. */
  private Tile[] readRows(long[] numbers, TileScratch scratch) {
    Tile[] tiles = new Tile[numbers.length];
    long[] rows = new long[numbers.length];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = box.index(numbers[i]);
    }
    int most = tileReader.rowsIn(WINDOW_BYTES);
    for (int from = 0; from < tiles.length; ) {
      int to = endOfRows(rows, from, most);
      tileReader.readRows(rows[from], tiles, from, to - from, scratch);
      from = to;
    }
    return tiles;
  }

  private static int endOfRows(long[] rows, int from, int most) {
    int to = from + 1;
    while (to < rows.length && to - from < most && rows[to] == rows[to - 1] + 1) {
      to++;
    }
    return to;
  }

  /**
   * Reads and decodes a tile and those whose bytes stand close behind it.
   *
   * @return the next tile
   */
  private int decodeNeighbours(
      Unknown unknown, int from, MemorySegment target, TileScratch scratch) {
    Tile[] tiles = unknown.tiles();
    int to = endOfNeighbours(tiles, from);
    MemorySegment bytes = tileReader.readTiles(tiles[from], tiles[to - 1], scratch);
    for (int i = from; i < to; i++) {
      long offset = tiles[i].offset() - tiles[from].offset();
      MemorySegment compressed = bytes.asSlice(offset, tiles[i].bytes());
      TileOverlap overlap = box.overlap(unknown.numbers()[i]);
      CachedTile own = unknown.leases()[i];
      if (own == null) {
        decode(tiles[i], overlap, compressed, target, scratch);
      } else {
        TileValues values = values(tiles[i], overlap, compressed, own.allocate(), scratch);
        tileReader.keep(own, values, (long) overlap.tilePixels() * pixels.bytes(values));
        pixels.put(values, own.pixels(), overlap, target, scratch);
      }
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
      long bytes = (long) overlap.tilePixels() * pixels.widestBytes();
      MemorySegment apart = scratch.pixels(bytes);
      TileValues values = values(tile, overlap, compressed, apart, scratch);
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
