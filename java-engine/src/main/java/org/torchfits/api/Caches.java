package org.torchfits.api;

import org.jspecify.annotations.Nullable;
import org.torchfits.cache.OpenFiles;
import org.torchfits.source.DecodedFiles;
import org.torchfits.source.SlotFolder;
import org.torchfits.tile.Eviction;
import org.torchfits.tile.TileCache;
import org.torchfits.zone.ZoneMaps;

/** What the engine keeps from one read for the next. */
public final class Caches {
  /** Leaves a bound as it is. */
  private static final long AS_IT_IS = -1;

  /** Some thousand images of 2048x2048; what a user's disk bears. */
  private static final long DEFAULT_FOLDER_BYTES = 32L << 30;

  private Caches() {}

  /**
   * Chooses how much is kept and what goes.
   *
   * @param policy name of an {@link Eviction}; empty for the one that there is
   * @param memoryBytes bound of decoded tiles and images; -1 for the one that there is
   * @param folder that processes share, for what does not fit into memory; empty for none, null for
   *     the one that there is
   * @param folderBytes its bound; -1 for the one that there is, or {@link #DEFAULT_FOLDER_BYTES}
   */
  public static void configure(
      String policy, long memoryBytes, @Nullable String folder, long folderBytes) {
    TileCache.Counts now = TileCache.OF_PROCESS.counts();
    TileCache.OF_PROCESS.configure(
        policy.isEmpty() ? now.eviction() : Eviction.valueOf(policy),
        memoryBytes == AS_IT_IS ? now.bound() : memoryBytes);
    if (folder != null || folderBytes != AS_IT_IS) {
      SlotFolder.use(folder(SlotFolder.ofProcess(), folder, folderBytes));
    }
  }

  private static @Nullable SlotFolder folder(
      @Nullable SlotFolder now, @Nullable String wanted, long bytes) {
    String path = wanted != null ? wanted : now == null ? "" : now.path();
    long usual = now == null ? DEFAULT_FOLDER_BYTES : now.budget();
    return path.isEmpty() ? null : new SlotFolder(path, bytes == AS_IT_IS ? usual : bytes);
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
    SlotFolder folder = SlotFolder.ofProcess();
    if (folder != null) {
      folder.clear();
    }
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
        "zone_maps\t" + ZoneMaps.OF_PROCESS.count(),
        folderStats(SlotFolder.ofProcess()));
  }

  private static String folderStats(@Nullable SlotFolder folder) {
    SlotFolder.Counts counts = folder == null ? SlotFolder.Counts.NONE : folder.counts();
    return String.join(
        "\n",
        "disk_bytes\t" + counts.bytes(),
        "disk_budget\t" + (folder == null ? 0 : folder.budget()),
        "disk_hits\t" + counts.hits(),
        "disk_misses\t" + counts.misses(),
        "disk_writes\t" + counts.writes(),
        "disk_evictions\t" + counts.removed(),
        "disk_failures\t" + counts.failures(),
        "disk_problem\t" + counts.problem().replaceAll("\\s+", " "));
  }
}
