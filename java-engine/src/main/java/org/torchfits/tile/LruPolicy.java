package org.torchfits.tile;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The tile that was used longest ago goes first. */
final class LruPolicy implements EvictionPolicy {
  private final Map<TileCache.Key, CachedTile> tiles = new LinkedHashMap<>(16, 0.75f, true);
  private final Consumer<CachedTile> gone;
  private long bound;
  private long charged;

  LruPolicy(long bound, Consumer<CachedTile> gone) {
    this.bound = bound;
    this.gone = gone;
  }

  @Override
  public @Nullable CachedTile find(TileCache.Key key) {
    return tiles.get(key);
  }

  @Override
  public void add(CachedTile tile) {
    tiles.put(tile.key(), tile);
    charged += tile.charge();
    evictTo(bound);
  }

  @Override
  public void resize(long newBound) {
    bound = newBound;
    evictTo(bound);
  }

  @Override
  public void clear() {
    evictTo(0);
  }

  private void evictTo(long most) {
    Iterator<CachedTile> eldest = tiles.values().iterator();
    while (charged > most) {
      CachedTile tile = eldest.next();
      eldest.remove();
      charged -= tile.charge();
      gone.accept(tile);
    }
  }

  @Override
  public int count() {
    return tiles.size();
  }
}
