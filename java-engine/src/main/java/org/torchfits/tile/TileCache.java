package org.torchfits.tile;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.NativeMemoryException;
import org.torchfits.source.FileIdentity;
import org.torchfits.source.Memory;
import org.torchfits.source.SlotFolder;

/**
 * Decoded tiles of files that did not change, for the next section that touches them, and the
 * pixels of compressed images that are read as a whole, each of which counts as one tile. Their
 * bytes, in native memory, have a bound; an {@link EvictionPolicy} chooses what goes, but nothing
 * that is leased is freed. A tile that several threads want at once is decoded by the first of
 * them.
 *
 * <p>Safe for use by several threads.
 */
public final class TileCache {
  /**
   * Which tile.
   *
   * @param file with its content
   * @param hdu from 0
   * @param tile from 0; {@link #WHOLE} for the pixels of an image
   * @param form that it is decoded to; null if its values are the stored ones
   */
  record Key(FileIdentity file, int hdu, long tile, @Nullable Record form) {
    /** What all tiles of the image have in common, as text. */
    String image() {
      return file + " " + hdu + " " + (tile == WHOLE ? "whole" : "tiles") + " " + form;
    }
  }

  /** The number of what is no tile, but an image. */
  static final long WHOLE = -1;

  /** The cache of this process, see {@link #defaultBound}. */
  public static final TileCache OF_PROCESS = new TileCache(Eviction.TINYLFU, defaultBound());

  /** Smaller tiles are decoded in the time that it takes to look after them. */
  private static final long SMALLEST_TILE = 1 << 10;

  /** So many of the largest tiles fit in. */
  private static final long LARGEST_SHARE = 2;

  /** In memory or behind it. */
  static final long LARGEST_TILE = 1 << 30;

  /** Each takes some 300 bytes of the Java heap beside its values, which has 128 MiB for all. */
  private static final long MOST_TILES = 1 << 17;

  private volatile long bound;
  private Eviction eviction;
  private EvictionPolicy policy;

  /** Those that a thread is decoding. */
  private final Map<Key, CachedTile> inDecoding = new HashMap<>();

  private long bytes;
  private long hits;
  private long misses;
  private long evictions;

  TileCache(Eviction eviction, long bound) {
    this.bound = bound;
    this.eviction = eviction;
    this.policy = eviction.policy(bound, this::evicted);
  }

  /**
   * A sixteenth of the memory that this process may have, at most 1 GiB: what nobody asked for
   * leaves room for training, its workers, and the page cache.
   */
  private static long defaultBound() {
    return Math.min(Memory.bytes() / 16, 1L << 30);
  }

  /** Whether a tile of that size is kept at all, in memory or behind it. */
  public boolean takes(long tileBytes) {
    return tileBytes >= SMALLEST_TILE
        && (fits(tileBytes) || (tileBytes <= LARGEST_TILE && SlotFolder.ofProcess() != null));
  }

  private boolean fits(long tileBytes) {
    return tileBytes <= Math.min(bound / LARGEST_SHARE, LARGEST_TILE);
  }

  /**
   * The lease of a tile: one that is here, or that another thread is decoding, or that this thread
   * shall decode now, for all who want it.
   *
   * @param tileBytes that the cache {@linkplain #takes takes}
   */
  synchronized CachedTile claim(Key key, long tileBytes) {
    CachedTile tile = leaseKnown(key);
    return tile == null ? beginNew(key, tileBytes) : tile;
  }

  /** The lease of a tile that is here, decoded; null if it is not. */
  synchronized @Nullable CachedTile find(Key key) {
    CachedTile tile = leaseKnown(key);
    if (tile != null && !tile.isDecoded()) {
      tile.close();
      return null;
    }
    return tile;
  }

  private @Nullable CachedTile leaseKnown(Key key) {
    CachedTile kept = policy.find(key);
    CachedTile tile = kept == null ? inDecoding.get(key) : kept;
    if (tile == null) {
      misses++;
      return null;
    }
    hits++;
    tile.lease();
    return tile;
  }

  private CachedTile beginNew(Key key, long tileBytes) {
    CachedTile claimed = new CachedTile(this, key, tileBytes, charge(tileBytes));
    bytes += tileBytes;
    inDecoding.put(key, claimed);
    return claimed;
  }

  /** Small tiles count for more than their bytes, since their number has a bound too. */
  private int charge(long tileBytes) {
    return (int) Math.max(tileBytes, bound / MOST_TILES);
  }

  /**
   * Keeps a copy of pixels, if there is memory for it.
   *
   * @param key that was not {@linkplain #find found}
   * @return its lease; null if it is not kept, or another thread was faster
   */
  @Nullable CachedTile put(Key key, MemorySegment pixels) {
    CachedTile tile = begin(key, pixels.byteSize());
    if (tile == null) {
      return null;
    }
    try {
      tile.allocate().copyFrom(pixels);
      tile.keep(TileValues.STORED_NATIVE);
      return tile;
    } catch (NativeMemoryException refused) {
      // The image was read: only the next one will take longer.
      tile.close();
      return null;
    }
  }

  /**
   * The lease of a tile that this thread shall fill.
   *
   * @return null if the cache does not {@linkplain #takes take} it, or another thread is faster
   */
  synchronized @Nullable CachedTile begin(Key key, long tileBytes) {
    boolean isNew = policy.find(key) == null && !inDecoding.containsKey(key);
    return isNew && takes(tileBytes) ? beginNew(key, tileBytes) : null;
  }

  /** A tile was decoded, or was given up: those who wait for it go on. */
  synchronized void endDecoding(CachedTile tile) {
    inDecoding.remove(tile.key(), tile);
    notifyAll();
    if (tile.isDecoded() && fits(tile.bytes())) {
      tile.setKept(true);
      policy.add(tile);
    }
  }

  private void evicted(CachedTile tile) {
    evictions++;
    tile.setKept(false);
  }

  /** The memory of a tile was freed. Called with the lock. */
  void freed(CachedTile tile) {
    bytes -= tile.bytes();
  }

  /**
   * Chooses how much is kept and what goes. What is kept stays where the rule stays the same.
   *
   * @param newBound of the bytes; 0 for a cache that keeps nothing
   */
  public synchronized void configure(Eviction newEviction, long newBound) {
    bound = newBound;
    if (newEviction == eviction) {
      policy.resize(newBound);
    } else {
      policy.clear();
      eviction = newEviction;
      policy = newEviction.policy(newBound, this::evicted);
    }
  }

  /** Lets go all that is kept; what is leased lives as long as its leases. */
  public synchronized void clear() {
    TiledHdu.clear();
    long before = evictions;
    policy.clear();
    evictions = before;
  }

  /**
   * What was counted since the process began.
   *
   * @param bytes of all tiles that are kept, leased or in decoding
   * @param count of those that are kept
   * @param hits tiles that were there, or that another thread was decoding
   * @param evictions for the bound
   */
  public record Counts(
      Eviction eviction,
      long bound,
      long bytes,
      int count,
      long hits,
      long misses,
      long evictions) {}

  /** As it is now. */
  public synchronized Counts counts() {
    return new Counts(eviction, bound, bytes, policy.count(), hits, misses, evictions);
  }
}
