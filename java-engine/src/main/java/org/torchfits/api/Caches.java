package org.torchfits.api;

import org.torchfits.cache.OpenFiles;
import org.torchfits.source.DecodedFiles;
import org.torchfits.tile.Eviction;
import org.torchfits.tile.TileCache;
import org.torchfits.zone.ZoneMaps;

/** What the engine keeps from one read for the next. */
public final class Caches {
  /** Leaves a bound as it is. */
  private static final long AS_IT_IS = -1;

  private Caches() {}

  /**
   * Chooses how much is kept and what goes.
   *
   * @param policy name of an {@link Eviction}; empty for the one that there is
   * @param memoryBytes bound of decoded tiles and images; -1 for the one that there is
   */
  public static void configure(String policy, long memoryBytes) {
    TileCache.Counts now = TileCache.OF_PROCESS.counts();
    TileCache.OF_PROCESS.configure(
        policy.isEmpty() ? now.eviction() : Eviction.valueOf(policy),
        memoryBytes == AS_IT_IS ? now.bound() : memoryBytes);
  }

  /** Forgets everything in memory that is not in use. */
  public static void clear() {
    TileCache.OF_PROCESS.clear();
    OpenFiles.clear();
    DecodedFiles.clear();
    ZoneMaps.OF_PROCESS.forget();
  }

  /** Forgets what is kept in files of the cache folder. */
  public static void clearFolder() {
    ZoneMaps.OF_PROCESS.clear();
  }

  /** Name and value of each count, with a tab between them, one a line. */
  public static String stats() {
    TileCache.Counts tiles = TileCache.OF_PROCESS.counts();
    OpenFiles.Counts files = OpenFiles.counts();
    DecodedFiles.Counts decoded = DecodedFiles.counts();
    return String.join(
        "\n",
        "policy\t" + tiles.eviction(),
        "memory_bytes\t" + tiles.bytes(),
        "memory_budget\t" + tiles.bound(),
        "entries\t" + tiles.count(),
        "hits\t" + tiles.hits(),
        "misses\t" + tiles.misses(),
        "evictions\t" + tiles.evictions(),
        "known_files\t" + files.known(),
        "open_files\t" + files.open(),
        "decoded_files\t" + decoded.files(),
        "decoded_file_bytes\t" + decoded.bytes(),
        "zone_maps\t" + ZoneMaps.OF_PROCESS.count());
  }
}
