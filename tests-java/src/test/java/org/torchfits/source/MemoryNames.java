package org.torchfits.source;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;

/** Names of bytes in memory, as Python makes them. */
public final class MemoryNames {
  private static final AtomicLong NUMBERS = new AtomicLong(1);

  private MemoryNames() {}

  /** A name of bytes, which live as long as the arena. */
  public static String of(byte[] bytes, boolean constant, Arena arena) {
    return of(bytes, constant, arena.allocate(JAVA_LONG, 2), arena);
  }

  /**
   * A name of bytes.
   *
   * @param counts takes requests and bytes
   */
  static String of(byte[] bytes, boolean constant, MemorySegment counts, Arena arena) {
    MemorySegment memory = arena.allocateFrom(JAVA_BYTE, bytes);
    long[] numbers = {
      NUMBERS.getAndIncrement(), constant ? 1 : 0, memory.address(), bytes.length, counts.address()
    };
    StringBuilder name = new StringBuilder("\u2003memory:");
    for (long number : numbers) {
      name.append(number).append(',');
    }
    name.setCharAt(name.length() - 1, ':');
    return name + "<some: bytes, 1>";
  }
}
