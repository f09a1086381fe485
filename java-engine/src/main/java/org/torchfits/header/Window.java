package org.torchfits.header;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.torchfits.source.ByteSource;
import org.torchfits.source.Scratch;

/**
 * The bytes of a file around the header that was read last. What the first read of a small file
 * brings is all of it.
 */
public final class Window implements AutoCloseable {
  /** Brings the header and the pixels of a small file at once, and costs a large one nothing. */
  public static final long BYTES = 32 << 10;

  private @Nullable Scratch scratch;
  private MemorySegment bytes = MemorySegment.NULL;
  private long offset;
  private long count;

  /** An empty one. */
  public Window() {}

  /** The same bytes, for one who reads nothing more. */
  Window(Window owner) {
    this.bytes = owner.bytes;
    this.offset = owner.offset;
    this.count = owner.count;
  }

  /**
   * Moves to another place of the file.
   *
   * @param least bytes that are there afterwards, unless the file ends before
   */
  public void load(ByteSource source, long from, long least) {
    if (scratch == null) {
      scratch = Scratch.borrow();
      bytes = scratch.bytes().asSlice(0, BYTES);
    }
    offset = from;
    count = source.read(from, bytes, least);
  }

  /** Whether the file may go on behind these bytes: as many came as could. */
  public boolean isFull() {
    return count == BYTES;
  }

  /** Whether these bytes of the file are there. */
  boolean holds(long from, long length) {
    return from >= offset && length <= count - (from - offset);
  }

  /** How many bytes there are from that byte of the file on. */
  long countFrom(long from) {
    return count - (from - offset);
  }

  /** Bytes of the file that are {@linkplain #holds there}; valid until the next load. */
  MemorySegment slice(long from, long length) {
    return bytes.asSlice(from - offset, length);
  }

  /** An array to copy a block to; the same one each time. */
  byte[] array() {
    return scratch == null ? new byte[Scratch.ARRAY_BYTES] : scratch.array();
  }

  @Override
  public void close() {
    if (scratch != null) {
      scratch.close();
      scratch = null;
    }
  }
}
