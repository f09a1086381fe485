package org.torchfits.tile;

import org.jspecify.annotations.Nullable;

/**
 * Holds the tiles that are kept, within a bound, and chooses which of them go. What one counts for
 * is its {@linkplain CachedTile#charge charge}; all together stay within the bound after each call.
 * A tile that goes is told to the consumer that the policy was made with, once, also one that is
 * refused as soon as it is added.
 *
 * <p>Called with the lock of the cache.
 */
interface EvictionPolicy {
  /** A tile that is kept, which counts as a use of it; null if it is not. */
  @Nullable CachedTile find(TileCache.Key key);

  /** Adds a tile that is not kept. */
  void add(CachedTile tile);

  /** Changes the bound. */
  void resize(long bound);

  /** Lets all tiles go. */
  void clear();

  /** Number of tiles that are kept. */
  int count();
}
