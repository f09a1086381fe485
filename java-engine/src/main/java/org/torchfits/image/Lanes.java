package org.torchfits.image;

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
final class Lanes implements AutoCloseable {
  /** Pixels of a block. */
  static final int LENGTH = 1024;

  private static final ArrayBlockingQueue<Lanes> POOL = new ArrayBlockingQueue<>(32);

  final byte[] bytes = new byte[LENGTH];
  final short[] shorts = new short[LENGTH];
  final int[] ints = new int[LENGTH];
  final long[] longs = new long[LENGTH];
  final float[] floats = new float[LENGTH];
  final double[] doubles = new double[LENGTH];

  /** Numbers that belong to those in {@link #floats}. */
  final float[] others = new float[LENGTH];

  /** The bits of {@link #ints}, {@link #floats}, {@link #longs} and {@link #doubles}. */
  final MemorySegment intBits = MemorySegment.ofArray(ints);

  final MemorySegment floatBits = MemorySegment.ofArray(floats);
  final MemorySegment longBits = MemorySegment.ofArray(longs);
  final MemorySegment doubleBits = MemorySegment.ofArray(doubles);

  private Lanes() {}

  /** Lanes whose content is undefined. */
  static Lanes borrow() {
    Lanes idle = POOL.poll();
    return idle != null ? idle : new Lanes();
  }

  @Override
  public void close() {
    // More than the pool holds are left to the collector.
    POOL.offer(this);
  }
}
