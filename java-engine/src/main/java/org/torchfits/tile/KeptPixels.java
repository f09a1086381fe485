package org.torchfits.tile;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.torchfits.source.FileIdentity;

/**
 * The elements of an image, or of the section of it that is read again and again, in {@link
 * TileCache}.
 *
 * @param file with its content
 * @param hdu from 0
 * @param form which elements of the image, and of what type
 */
public record KeptPixels(FileIdentity file, int hdu, Record form) {
  private TileCache.Key key() {
    return new TileCache.Key(file, hdu, TileCache.WHOLE, form);
  }

  /** The lease of the elements, in native byte order; null if they are not there. */
  public @Nullable CachedTile find() {
    return TileCache.OF_PROCESS.find(key());
  }

  /** Keeps a copy of all elements. */
  public void keep(MemorySegment elements) {
    TileCache.OF_PROCESS.put(key(), elements);
  }
}
