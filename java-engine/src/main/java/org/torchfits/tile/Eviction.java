package org.torchfits.tile;

import java.util.function.Consumer;

/** By which rule tiles go. */
public enum Eviction {
  /** The one that was used longest ago. */
  LRU,
  /** The one that was used least often; of those the one that was used longest ago. */
  LFU,
  /** W-TinyLFU: how often a tile was used lately decides, also for tiles that went meanwhile. */
  TINYLFU;

  EvictionPolicy policy(long bound, Consumer<CachedTile> gone) {
    return switch (this) {
      case LRU -> new LruPolicy(bound, gone);
      case LFU -> new LfuPolicy(bound, gone);
      case TINYLFU -> new TinyLfuPolicy(bound, gone);
    };
  }
}
