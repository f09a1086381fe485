package org.torchfits.tile;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.DlpackTensor;

/**
 * The decoded values of a tile in {@link TileCache}, leased to whoever has this: they stay in place
 * until {@link #close()}, which each lessee calls once.
 */
public final class CachedTile implements AutoCloseable {
  private final TileCache cache;
  private final TileCache.Key key;
  private final DlpackTensor block;
  private TileValues values = TileValues.STORED_NATIVE;

  /** Guarded by the cache. */
  private int leases = 1;

  private boolean kept;

  CachedTile(TileCache cache, TileCache.Key key, DlpackTensor block) {
    this.cache = cache;
    this.key = key;
    this.block = block;
  }

  /** What the values are. */
  public TileValues values() {
    return values;
  }

  /** The values in C order; not to be changed once they are kept. */
  public MemorySegment pixels() {
    return block.elements();
  }

  /** Gives the values, which are complete now, to others too. */
  public void keep(TileValues complete) {
    values = complete;
    cache.keep(this);
  }

  @Override
  public void close() {
    cache.giveBack(this);
  }

  TileCache.Key key() {
    return key;
  }

  long bytes() {
    return block.elements().byteSize();
  }

  /** The following are called with the cache's lock. */
  void lease() {
    leases++;
  }

  void setKept(boolean isKept) {
    kept = isKept;
    freeIfUnused();
  }

  void endLease() {
    leases--;
    freeIfUnused();
  }

  private void freeIfUnused() {
    if (!kept && leases == 0) {
      block.close();
    }
  }
}
