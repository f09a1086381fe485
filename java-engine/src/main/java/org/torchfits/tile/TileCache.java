package org.torchfits.tile;

import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.torchfits.source.FileIdentity;

/**
 * Decoded tiles of files that did not change, for the next section that touches them. Their bytes,
 * in native memory, have a bound; the tile that was used longest ago goes first, but none that is
 * leased is freed. A tile that several threads want at once is decoded by the first of them.
 *
 * <p>Safe for use by several threads.
 */
final class TileCache {
  /**
   * Which tile.
   *
   * @param file with its content
   * @param hdu from 0
   * @param tile from 0
   * @param floats that it is decoded to; null if its values are the stored ones
   */
  record Key(FileIdentity file, int hdu, long tile, @Nullable TileFloats floats) {}

  static final TileCache OF_PROCESS = new TileCache(256 << 20);

  /** Smaller tiles are decoded in the time that it takes to look after them. */
  private static final long SMALLEST_TILE = 2 << 10;

  /** So many of the largest tiles fit in. */
  private static final long LARGEST_SHARE = 2;

  private final long bound;

  /** By what was used last. */
  private final Map<Key, CachedTile> tiles = new LinkedHashMap<>(16, 0.75f, true);

  /** Those that a thread is decoding. */
  private final Map<Key, CachedTile> inDecoding = new HashMap<>();

  private long bytes;

  TileCache(long bound) {
    this.bound = bound;
  }

  /** Whether a tile of that size is kept at all. */
  boolean takes(long tileBytes) {
    return tileBytes >= SMALLEST_TILE && tileBytes <= bound / LARGEST_SHARE;
  }

  /**
   * The lease of a tile: one that is here, or that another thread is decoding, or that this thread
   * shall decode now, for all who want it.
   *
   * @param tileBytes that the cache {@linkplain #takes takes}
   */
  synchronized CachedTile claim(Key key, long tileBytes) {
    CachedTile tile = tiles.get(key);
    if (tile == null) {
      tile = inDecoding.get(key);
    }
    if (tile != null) {
      tile.lease();
      return tile;
    }
    CachedTile claimed = new CachedTile(this, key, tileBytes);
    inDecoding.put(key, claimed);
    return claimed;
  }

  /** A tile was decoded, or was given up: those who wait for it go on. */
  synchronized void endDecoding(CachedTile tile) {
    inDecoding.remove(tile.key(), tile);
    notifyAll();
    if (tile.isDecoded()) {
      keep(tile);
    }
  }

  private void keep(CachedTile tile) {
    tiles.put(tile.key(), tile);
    tile.setKept(true);
    bytes += tile.bytes();
    Iterator<CachedTile> eldest = tiles.values().iterator();
    while (bytes > bound) {
      CachedTile gone = eldest.next();
      eldest.remove();
      bytes -= gone.bytes();
      gone.setKept(false);
    }
  }

  /** Bytes of all tiles that are kept. */
  synchronized long bytes() {
    return bytes;
  }
}
