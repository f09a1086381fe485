package org.torchfits.tile;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.work.Stage;
import org.torchfits.work.Tally;
import org.torchfits.work.Unfinished;

/**
 * A tile of {@link TileCache}, leased to whoever has this: its decoded values stay in place until
 * {@link #close()}, which each lessee calls once.
 *
 * <p>A thread decodes all tiles that are its own to decode before it waits for others, so that no
 * two wait for each other.
 */
public final class CachedTile implements AutoCloseable {
  /** A thread that waits longer is told to come back. */
  private static final long PATIENCE_NANOS = 20_000_000;

  private final TileCache cache;
  private final TileCache.Key key;
  private final long bytes;
  private final int charge;
  private final Thread decoder = Thread.currentThread();

  /** The decoder's until the values are there. */
  private @Nullable DlpackTensor block;

  private TileValues values = TileValues.STORED_NATIVE;

  /** Written with the cache's lock, by the decoder, after the values. */
  private volatile boolean decoded;

  private volatile boolean givenUp;

  /** The following are guarded by the cache. */
  private int leases = 1;

  private boolean kept;

  /**
   * @param charge what it counts for
   */
  CachedTile(TileCache cache, TileCache.Key key, long bytes, int charge) {
    this.cache = cache;
    this.key = key;
    this.bytes = bytes;
    this.charge = charge;
  }

  /** Whether the values are there. */
  public boolean isDecoded() {
    return decoded;
  }

  /** Whether this thread shall decode the tile. */
  public boolean isMine() {
    return !decoded && !givenUp && decoder == Thread.currentThread();
  }

  /**
   * Memory for the values, the same at each call; for the thread that decodes.
   *
   * @throws org.torchfits.dlpack.NativeMemoryException if there is none
   */
  public MemorySegment allocate() {
    DlpackTensor own = block;
    if (own == null) {
      own = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, bytes);
      block = own;
    }
    return own.elements();
  }

  /** Gives the values, which are complete now, to others too. */
  public void keep(TileValues complete) {
    values = complete;
    synchronized (cache) {
      decoded = true;
      cache.endDecoding(this);
    }
  }

  /**
   * Waits for the thread that decodes.
   *
   * @return whether the values are there; else it gave up
   * @throws Unfinished if that takes long
   */
  public boolean awaitEnd() {
    if (!decoded && !givenUp) {
      long start = System.nanoTime();
      boolean ended = isEndSoon(start + PATIENCE_NANOS);
      Tally.mine().addSince(Stage.WAIT_NANOS, start);
      if (!ended) {
        throw new Unfinished("a tile that another thread decodes");
      }
    }
    return decoded;
  }

  private boolean isEndSoon(long deadlineNanos) {
    synchronized (cache) {
      boolean waits = true;
      while (waits && !decoded && !givenUp) {
        long millis = Math.ceilDiv(deadlineNanos - System.nanoTime(), 1_000_000L);
        waits = millis > 0 && isWaited(millis);
      }
      return decoded || givenUp;
    }
  }

  /** Whether the thread may go on waiting: nobody interrupted it. */
  private boolean isWaited(long millis) {
    try {
      cache.wait(millis);
      return true;
    } catch (InterruptedException e) {
      // The caller comes back; it asks Python about signals first.
      return false;
    }
  }

  /** What the values are. */
  public TileValues values() {
    return values;
  }

  /** The values in C order; not to be changed once they are kept. */
  public MemorySegment pixels() {
    if (block == null) {
      throw new IllegalStateException("the tile is not decoded");
    }
    return block.elements();
  }

  /** Ends the lease; a tile that is not decoded yet is given up if it is this thread's. */
  @Override
  public void close() {
    synchronized (cache) {
      if (isMine()) {
        givenUp = true;
        cache.endDecoding(this);
      }
      leases--;
      freeIfUnused();
    }
  }

  TileCache.Key key() {
    return key;
  }

  long bytes() {
    return bytes;
  }

  /** What the tile counts for in the bound of all: its bytes, or more. */
  int charge() {
    return charge;
  }

  /** The following are called with the cache's lock. */
  void lease() {
    leases++;
  }

  void setKept(boolean isKept) {
    kept = isKept;
    freeIfUnused();
  }

  private void freeIfUnused() {
    if (!kept && leases == 0) {
      cache.freed(this);
      if (block != null) {
        block.close();
        block = null;
      }
    }
  }
}
