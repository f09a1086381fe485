package org.torchfits.source;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Counts what is asked of a source that is no local file, in two longs of memory that belongs to
 * whoever named the source: requests, and bytes that they brought. Safe for use by several threads.
 */
final class Transfers {
  private static final VarHandle COUNT = JAVA_LONG.varHandle();

  private final MemorySegment counts;

  private Transfers(MemorySegment counts) {
    this.counts = counts;
  }

  /** Counts at an address, which is a multiple of 8. */
  static Transfers at(long address) {
    return new Transfers(MemorySegment.ofAddress(address).reinterpret(2L * Long.BYTES));
  }

  /** Counts one request. */
  void add(long bytes) {
    long requests = (long) COUNT.getAndAdd(counts, 0L, 1L);
    long before = (long) COUNT.getAndAdd(counts, (long) Long.BYTES, bytes);
    assert requests >= 0 && before >= 0;
  }
}
