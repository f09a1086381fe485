package org.torchfits.source;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ArrayBlockingQueue;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/**
 * Native memory of the size of a core's cache, through which bytes pass on their way into a block.
 * Borrowed by one thread at a time and given back by {@link #close()}; the pool keeps as many as
 * were ever used at once, up to a bound.
 */
public final class Scratch implements AutoCloseable {
  /** Fits a core's L2 cache with room to spare. */
  public static final long BYTES = 256 << 10;

  /** Holds a block of a FITS file. */
  public static final int ARRAY_BYTES = 2880;

  private static final long PAGE_BYTES = 4096;
  private static final ArrayBlockingQueue<Scratch> POOL = new ArrayBlockingQueue<>(32);

  private final Arena arena = Arena.ofShared();
  private final MemorySegment bytes = arena.allocate(BYTES, PAGE_BYTES);
  private final byte[] array = new byte[ARRAY_BYTES];

  private Scratch() {}

  /** A scratch whose content is undefined. */
  public static Scratch borrow() {
    Scratch idle = POOL.poll();
    return idle != null ? idle : new Scratch();
  }

  /** All {@link #BYTES} of it. */
  public MemorySegment bytes() {
    return bytes;
  }

  /** {@link #ARRAY_BYTES} of the heap, for what is looked at byte by byte. */
  public byte[] array() {
    return array;
  }

  /** Writes a file name and the zero that ends it into this scratch. */
  MemorySegment zeroTerminated(String path) {
    return zeroTerminated(path, 0);
  }

  /**
   * Likewise, behind so many bytes that something else needs.
   *
   * @return what begins with the name
   */
  MemorySegment zeroTerminated(String path, long offset) {
    byte[] name = path.getBytes(StandardCharsets.ISO_8859_1);
    if (name.length >= BYTES - offset) {
      throw new FitsException(
          ErrorKind.NOT_FOUND, "a path of " + name.length + " bytes is too long");
    }
    MemorySegment.copy(name, 0, bytes, ValueLayout.JAVA_BYTE, offset, name.length);
    bytes.set(ValueLayout.JAVA_BYTE, offset + name.length, (byte) 0);
    return bytes.asSlice(offset);
  }

  @Override
  public void close() {
    if (!POOL.offer(this)) {
      arena.close();
    }
  }
}
