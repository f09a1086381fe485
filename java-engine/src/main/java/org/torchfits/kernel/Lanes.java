package org.torchfits.kernel;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.ArrayBlockingQueue;

/**
 * Arrays through which a block of pixels passes while stored values become elements of another
 * type. Borrowed by one thread at a time and given back by {@link #close()}.
 *
 * <p>They lie in the heap since C2 makes vector instructions of a loop over {@code float[]} and
 * {@code double[]}, but not of one that reads or writes floating numbers in a segment, which it
 * does bit by bit. The way through them stays in a core's L1 cache.
 */
public final class Lanes implements AutoCloseable {
  /** Pixels of a block. */
  public static final int LENGTH = 1024;

  private static final ArrayBlockingQueue<Lanes> POOL = new ArrayBlockingQueue<>(32);

  public final byte[] bytes = new byte[LENGTH];
  public final short[] shorts = new short[LENGTH];
  public final int[] ints = new int[LENGTH];
  public final long[] longs = new long[LENGTH];
  public final float[] floats = new float[LENGTH];
  public final double[] doubles = new double[LENGTH];

  /** Numbers that belong to those in {@link #floats}. */
  public final float[] others = new float[LENGTH];

  /** The bits of {@link #ints}, {@link #floats}, {@link #longs} and {@link #doubles}. */
  public final MemorySegment intBits = MemorySegment.ofArray(ints);

  public final MemorySegment floatBits = MemorySegment.ofArray(floats);
  public final MemorySegment longBits = MemorySegment.ofArray(longs);
  public final MemorySegment doubleBits = MemorySegment.ofArray(doubles);

  private Lanes() {}

  /** Lanes whose content is undefined. */
  public static Lanes borrow() {
    Lanes idle = POOL.poll();
    return idle != null ? idle : new Lanes();
  }

  @Override
  public void close() {
    // More than the pool holds are left to the collector.
    POOL.offer(this);
  }
}
