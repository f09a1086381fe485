package org.torchfits.tile;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * W-TinyLFU, by Caffeine: a new tile stays only if it was used more often lately than the one that
 * would go for it, as a sketch of all tiles' uses has it. A long scan leaves the tiles that are
 * used again and again.
 *
 * <p>Everything happens in the calling thread: no thread of Java runs between calls.
 */
final class TinyLfuPolicy implements EvictionPolicy {
  private final Consumer<CachedTile> gone;
  private long bound;

  /** Made for the first tile: Caffeine starts the JDK's logging, which takes long. */
  private @Nullable Cache<TileCache.Key, CachedTile> tiles;

  TinyLfuPolicy(long bound, Consumer<CachedTile> gone) {
    this.gone = gone;
    this.bound = bound;
  }

  private Cache<TileCache.Key, CachedTile> made() {
    return Caffeine.newBuilder()
        .maximumWeight(bound)
        .weigher((TileCache.Key key, CachedTile tile) -> tile.charge())
        .executor(Runnable::run)
        .removalListener(this::goneBy)
        .build();
  }

  private void goneBy(TileCache.@Nullable Key key, @Nullable CachedTile tile, RemovalCause cause) {
    if (tile != null) {
      gone.accept(tile);
    }
  }

  @Override
  public @Nullable CachedTile find(TileCache.Key key) {
    return tiles == null ? null : tiles.getIfPresent(key);
  }

  @Override
  public void add(CachedTile tile) {
    if (tiles == null) {
      tiles = made();
    }
    tiles.put(tile.key(), tile);
    tiles.cleanUp();
  }

  @Override
  public void resize(long bound) {
    this.bound = bound;
    if (tiles != null) {
      tiles.policy().eviction().orElseThrow().setMaximum(bound);
      tiles.cleanUp();
    }
  }

  @Override
  public void clear() {
    if (tiles != null) {
      tiles.invalidateAll();
      tiles.cleanUp();
    }
  }

  @Override
  public int count() {
    return tiles == null ? 0 : (int) tiles.estimatedSize();
  }
}
