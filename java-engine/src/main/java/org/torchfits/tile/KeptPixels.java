package org.torchfits.tile;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.torchfits.source.FileIdentity;

/**
 * The elements of an image, or of the section of it that is read again and again, in {@link
 * TileCache} and the folder behind it.
 *
 * @param file with its content
 * @param hdu from 0
 * @param form which elements of the image, and of what type
 * @param bytes of the elements
 */
public record KeptPixels(FileIdentity file, int hdu, Record form, long bytes) {
  /** To open a file takes as long as to decode a smaller image. */
  private static final long LEAST_ON_DISK = 32 << 10;

  private TileCache.Key key() {
    return new TileCache.Key(file, hdu, TileCache.WHOLE, form);
  }

  /** The lease of the elements, in native byte order; null if they are not there. */
  public @Nullable CachedTile find() {
    CachedTile known = TileCache.OF_PROCESS.find(key());
    return known == null ? load() : known;
  }

  private @Nullable CachedTile load() {
    try (StoredTiles stored = stored()) {
      CachedTile tile = stored == null ? null : TileCache.OF_PROCESS.begin(key(), bytes);
      if (stored == null || tile == null) {
        return null;
      }
      stored.load(0, tile);
      if (tile.isDecoded()) {
        return tile;
      }
      tile.close();
      return null;
    }
  }

  /** Keeps a copy of all elements. */
  public void keep(MemorySegment elements) {
    CachedTile tile = TileCache.OF_PROCESS.put(key(), elements);
    if (tile == null) {
      return;
    }
    try (tile;
        StoredTiles stored = stored()) {
      if (stored != null) {
        stored.store(0, tile, bytes);
      }
    }
  }

  private @Nullable StoredTiles stored() {
    return bytes < LEAST_ON_DISK ? null : StoredTiles.of(key(), bytes);
  }
}
