package org.torchfits.table;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.torchfits.source.Scratch;

/**
 * Memory through which the rows of one piece of work pass. Used by one thread; what was taken is
 * valid until {@link #close()}.
 */
final class RowBuffers implements AutoCloseable {
  private final Arena large = Arena.ofConfined();
  private @Nullable Scratch raw;
  private @Nullable Scratch packed;

  /** For bytes as they stand in the file; the next call gives the same memory. */
  MemorySegment raw(long bytes) {
    if (bytes > Scratch.BYTES) {
      return large(bytes);
    }
    if (raw == null) {
      raw = Scratch.borrow();
    }
    return raw.bytes().asSlice(0, bytes);
  }

  /** For fields one behind the other; the next call gives the same memory. */
  MemorySegment packed(long bytes) {
    if (bytes > Scratch.BYTES) {
      return large(bytes);
    }
    if (packed == null) {
      packed = Scratch.borrow();
    }
    return packed.bytes().asSlice(0, bytes);
  }

  private MemorySegment large(long bytes) {
    return large.allocate(bytes, Long.BYTES);
  }

  @Override
  public void close() {
    if (raw != null) {
      raw.close();
    }
    if (packed != null) {
      packed.close();
    }
    large.close();
  }
}
