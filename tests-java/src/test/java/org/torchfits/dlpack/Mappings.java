package org.torchfits.dlpack;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The address space of this process. */
public final class Mappings {
  /**
   * Blocks of this size get a mapping of their own from the C library, which ends when they are
   * freed.
   */
  public static final long OWN_MAPPING_BYTES = 64L << 20;

  private Mappings() {}

  /** Whether anything is mapped at an address. */
  public static boolean covers(long address) {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.anyMatch(line -> covers(line, address));
    } catch (IOException failure) {
      throw new IllegalStateException(failure);
    }
  }

  /** A line begins with {@code start-end}, in hexadecimal digits. */
  private static boolean covers(String line, long address) {
    int dash = line.indexOf('-');
    long start = Long.parseUnsignedLong(line, 0, dash, 16);
    long end = Long.parseUnsignedLong(line, dash + 1, line.indexOf(' '), 16);
    return Long.compareUnsigned(start, address) <= 0 && Long.compareUnsigned(address, end) < 0;
  }
}
