package org.torchfits.tile;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.source.FileIdentity;

/**
 * Decoded tiles of files that did not change, for the next section that touches them. Their bytes,
 * in native memory, have a bound; the tile that was used longest ago goes first, but none that is
 * leased is freed.
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
  private static final long SMALLEST_TILE = 4 << 10;

  /** So many of the largest tiles fit in. */
  private static final long LARGEST_SHARE = 8;

  private final long bound;

  /** By what was used last. */
  private final Map<Key, CachedTile> tiles = new LinkedHashMap<>(16, 0.75f, true);

  private long bytes;

  TileCache(long bound) {
    this.bound = bound;
  }

  /** The lease of a tile; null if it is not here. */
  synchronized @Nullable CachedTile find(Key key) {
    CachedTile tile = tiles.get(key);
    if (tile != null) {
      tile.lease();
    }
    return tile;
  }

  /**
   * The lease of memory to decode a tile into; null if the tile is too small or too large to be
   * kept.
   *
   * @throws org.torchfits.dlpack.NativeMemoryException if there is no memory
   */
  @Nullable CachedTile reserve(Key key, long tileBytes) {
    if (tileBytes < SMALLEST_TILE || tileBytes > bound / LARGEST_SHARE) {
      return null;
    }
    return new CachedTile(
        this, key, DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, tileBytes));
  }

  synchronized void keep(CachedTile tile) {
    if (tiles.putIfAbsent(tile.key(), tile) != null) {
      // Another thread decoded the same tile meanwhile.
      return;
    }
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

  synchronized void giveBack(CachedTile tile) {
    tile.endLease();
  }

  /** Bytes of all tiles that are kept. */
  synchronized long bytes() {
    return bytes;
  }
}
