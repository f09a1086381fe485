package org.torchfits.dlpack;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What the consumer of a block may do with it, and the tests may see of it. */
public final class NativeBlocks {
  /**
   * Blocks of this size are more than is kept, and get a mapping of their own from the C library,
   * which ends when they are freed. Nothing of it is touched, so it takes no memory.
   */
  public static final long OWN_MAPPING_BYTES = Recycler.LIMIT_BYTES + (64L << 20);

  private NativeBlocks() {}

  /** Calls the deleter of a {@code DLManagedTensor}. */
  public static void free(long address) {
    free(address, Abi.UNVERSIONED);
  }

  /** Likewise, for a block of either layout. */
  public static void free(long address, Abi abi) {
    MemorySegment struct = MemorySegment.ofAddress(address).reinterpret(abi.structBytes);
    Libc.callAt(struct.get(JAVA_LONG, abi.deleterOffset), address);
  }

  /** Whether a block of {@link #OWN_MAPPING_BYTES} stands at an address. */
  public static boolean isMapped(long address) {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.anyMatch(line -> covers(line, address));
    } catch (IOException failure) {
      throw new IllegalStateException(failure);
    }
  }

  /**
   * A line begins with {@code start-end}, in hexadecimal digits. The edges of a block, which are
   * not of huge pages, may have lines of their own.
   */
  private static boolean covers(String line, long address) {
    int dash = line.indexOf('-');
    long start = Long.parseUnsignedLong(line, 0, dash, 16);
    long end = Long.parseUnsignedLong(line, dash + 1, line.indexOf(' '), 16);
    return Long.compareUnsigned(start, address + OWN_MAPPING_BYTES / 4) <= 0
        && Long.compareUnsigned(address + OWN_MAPPING_BYTES / 4 * 3, end) <= 0;
  }
}
