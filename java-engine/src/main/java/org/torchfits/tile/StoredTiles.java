package org.torchfits.tile;

import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.NativeMemoryException;
import org.torchfits.source.SlotFile;
import org.torchfits.source.SlotFolder;

/**
 * The decoded tiles of an image in a file of the folder that processes share, the second tier of
 * {@link TileCache}.
 *
 * <p>Safe for use by several threads.
 */
final class StoredTiles implements AutoCloseable {
  private final SlotFolder folder;
  private final String key;
  private final long slotBytes;
  private @Nullable SlotFile file;
  private boolean isSought;

  private StoredTiles(SlotFolder folder, String key, long slotBytes) {
    this.folder = folder;
    this.key = key;
    this.slotBytes = slotBytes;
  }

  /**
   * The tiles of an image; null if there is no such folder, or the file is not one on a disk.
   *
   * @param any tile of the image
   * @param slotBytes of the largest tile
   */
  static @Nullable StoredTiles of(TileCache.Key any, long slotBytes) {
    SlotFolder folder = SlotFolder.ofProcess();
    return folder == null || any.file().isMemory() || slotBytes > TileCache.LARGEST_TILE
        ? null
        : new StoredTiles(folder, any.image(), slotBytes);
  }

  /** Fills a tile that this thread shall decode, if it is there, and gives it to others too. */
  void load(long slot, CachedTile tile) {
    SlotFile opened = file(false);
    TileValues values = opened == null ? null : TileValues.of(read(opened, slot, tile));
    if (values != null) {
      tile.keep(values);
    }
  }

  private static int read(SlotFile opened, long slot, CachedTile tile) {
    try {
      return opened.read(slot, tile.allocate());
    } catch (NativeMemoryException refused) {
      // Who decodes the tile asks for the memory again, and tells.
      return SlotFile.EMPTY;
    }
  }

  /**
   * Puts a tile there that was decoded.
   *
   * @param bytes of its values; what is behind them differs each time
   */
  void store(long slot, CachedTile tile, long bytes) {
    SlotFile opened = file(true);
    if (opened != null) {
      opened.write(slot, tile.values().code, tile.pixels().asSlice(0, bytes));
    }
  }

  private synchronized @Nullable SlotFile file(boolean create) {
    if (file == null && (create || !isSought)) {
      isSought = true;
      file = folder.open(key, slotBytes, create);
    }
    return file;
  }

  @Override
  public synchronized void close() {
    if (file != null) {
      file.close();
      file = null;
    }
  }
}
