package org.torchfits.tile;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The tile that was used least often goes first; of those the one that was used longest ago. */
final class LfuPolicy implements EvictionPolicy {
  /**
   * A tile and its use.
   *
   * @param uses since it was added
   * @param turn of the last one, which no other use has
   */
  private record Used(CachedTile tile, long uses, long turn) {}

  private static final Comparator<Used> LEAST_FIRST =
      Comparator.comparingLong(Used::uses).thenComparingLong(Used::turn);

  private final Map<TileCache.Key, Used> tiles = new HashMap<>();
  private final TreeSet<Used> order = new TreeSet<>(LEAST_FIRST);
  private final Consumer<CachedTile> gone;
  private long bound;
  private long charged;
  private long turns;

  LfuPolicy(long bound, Consumer<CachedTile> gone) {
    this.bound = bound;
    this.gone = gone;
  }

  @Override
  public @Nullable CachedTile find(TileCache.Key key) {
    Used known = tiles.get(key);
    if (known == null) {
      return null;
    }
    order.remove(known);
    put(new Used(known.tile(), known.uses() + 1, turns++));
    return known.tile();
  }

  @Override
  public void add(CachedTile tile) {
    // Room is made first: else the new one, which was used once, would always be the one to go.
    evictTo(bound - tile.charge());
    put(new Used(tile, 1, turns++));
    charged += tile.charge();
  }

  private void put(Used used) {
    tiles.put(used.tile().key(), used);
    order.add(used);
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
    while (charged > most) {
      CachedTile tile = order.removeFirst().tile();
      tiles.remove(tile.key());
      charged -= tile.charge();
      gone.accept(tile);
    }
  }

  @Override
  public int count() {
    return tiles.size();
  }
}
