package org.torchfits.tile;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.NativeMemoryException;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduReader;
import org.torchfits.source.ByteSource;
import org.torchfits.source.FileIdentity;
import org.torchfits.work.Stage;
import org.torchfits.work.Tally;

/**
 * Reads and decodes the tiles of a compressed image (FITS 4.0, section 10). Nothing that the file
 * says of them is believed before it is checked.
 *
 * <p>Safe for use by several threads.
 */
public final class TileReader implements AutoCloseable {
  private final String place;
  private final TileBytes bytes;
  private final int hdu;
  private final TileTable table;
  private final TileDecoder decoder;
  private final @Nullable FileIdentity file;
  private final boolean isShared;

  /** Where tiles are kept behind memory; null if they are not, or none was asked for. */
  private @Nullable StoredTiles stored;

  /**
   * @param place file and HDU, as errors show them
   * @param reader is not asked for another HDU any more
   * @param hdu a compressed image
   * @param isShared whether tiles are worth keeping for other processes
   * @throws FitsException of kind BAD_HEADER, or TRUNCATED if the file has not all rows
   */
  public TileReader(String place, HduReader reader, Hdu hdu, boolean isShared) {
    TiledHdu known = TiledHdu.of(place, reader, hdu);
    this.place = place;
    this.bytes = new TileBytes(place, reader);
    this.hdu = hdu.index();
    this.isShared = isShared;
    this.table = known.table();
    this.decoder = known.decoder();
    this.file = reader.source().settledIdentity();
    requireRows(reader.source());
  }

  private void requireRows(ByteSource source) {
    if (table.grid().tiles() > 0 && !source.reaches(table.heapOffset())) {
      throw bytes.truncated(
          "the file ends before the table of its tiles does, at byte " + source.size());
    }
  }

  public TileGrid grid() {
    return table.grid();
  }

  /** Whether a tile's bytes are integers that stand for floats. */
  public boolean isQuantized(Tile tile) {
    return table.isQuantized(tile);
  }

  /** At most so many rows, but at least one, take {@code bytes}. */
  public int rowsIn(long bytes) {
    return Math.clamp(bytes / Math.max(1, table.rowBytes()), 1, 1 << 20);
  }

  /**
   * Reads rows of the table.
   *
   * @param first index of the first tile
   * @param tiles takes them from {@code from} on
   */
  public void readRows(long first, Tile[] tiles, int from, int count, TileScratch scratch) {
    long rowBytes = table.rowBytes();
    MemorySegment rows =
        bytes.read(table.rowsOffset() + first * rowBytes, count * rowBytes, scratch);
    for (int i = 0; i < count; i++) {
      tiles[from + i] = tile(first + i, rows.asSlice(i * rowBytes, rowBytes));
    }
  }

  private Tile tile(long index, MemorySegment row) {
    try {
      return requireInFile(table.tile(index, row));
    } catch (TileFormatException broken) {
      throw bad(index, broken);
    }
  }

  private Tile requireInFile(Tile tile) {
    bytes.requireInFile(tile.end(), "tile " + tile.index() + ": its bytes");
    return tile;
  }

  /**
   * Reads the bytes of tiles and what stands between them.
   *
   * @return the bytes from the first tile's offset to the last one's end; valid until the next call
   *     with that scratch
   */
  public MemorySegment readTiles(Tile first, Tile last, TileScratch scratch) {
    return bytes.read(first.offset(), last.end() - first.offset(), scratch);
  }

  /**
   * Decodes one tile.
   *
   * @param compressed exactly the tile's bytes
   * @param shape of the tile in C order
   * @param target takes the values in C order
   * @param floats what a quantised tile is decoded to
   * @throws FitsException of kind BAD_DATA, or OUT_OF_MEMORY
   */
  public TileValues decode(
      Tile tile,
      MemorySegment compressed,
      long[] shape,
      MemorySegment target,
      TileFloats floats,
      TileScratch scratch) {
    Tally.mine().add(Stage.TILES_DECODED, 1);
    try {
      return decoder.decode(tile, compressed, shape, target, floats, scratch);
    } catch (TileFormatException broken) {
      throw bad(tile.index(), broken);
    } catch (NativeMemoryException | OutOfMemoryError refused) {
      throw new FitsException(
          ErrorKind.OUT_OF_MEMORY, place + ": tile " + tile.index() + ": " + refused.getMessage());
    }
  }

  /**
   * The lease of a tile that is kept, as {@link TileCache#claim} has it, read from the folder
   * behind it if it is there; null if it shall not be kept.
   *
   * @param pixels of the tile
   * @param pixelBytes of each
   */
  public @Nullable CachedTile claim(long tile, TileFloats floats, int pixels, int pixelBytes) {
    long tileBytes = (long) pixels * pixelBytes;
    if (file == null || !TileCache.OF_PROCESS.takes(tileBytes)) {
      return null;
    }
    TileCache.Key key = key(file, tile, floats);
    CachedTile claimed = TileCache.OF_PROCESS.claim(key, tileBytes);
    StoredTiles there = isShared && claimed.isMine() ? stored(key, pixelBytes) : null;
    if (there != null) {
      there.load(tile, claimed);
    }
    return claimed;
  }

  /**
   * Gives a tile that this thread decoded to others, and to other processes.
   *
   * @param bytes of the values
   */
  public void keep(CachedTile decoded, TileValues values, long bytes) {
    decoded.keep(values);
    StoredTiles there = stored();
    if (there != null) {
      there.store(decoded.key().tile(), decoded, bytes);
    }
  }

  private synchronized @Nullable StoredTiles stored(TileCache.Key key, int pixelBytes) {
    if (stored == null) {
      stored = StoredTiles.of(key, (long) TileGrid.pixels(grid().tile()) * pixelBytes);
    }
    return stored;
  }

  private synchronized @Nullable StoredTiles stored() {
    return stored;
  }

  @Override
  public synchronized void close() {
    if (stored != null) {
      stored.close();
      stored = null;
    }
  }

  private TileCache.Key key(FileIdentity identity, long tile, TileFloats floats) {
    return new TileCache.Key(identity, hdu, tile, table.quantization() == null ? null : floats);
  }

  private FitsException bad(long index, TileFormatException broken) {
    return new FitsException(
        ErrorKind.BAD_DATA, place + ": tile " + index + ": " + broken.getMessage());
  }
}
