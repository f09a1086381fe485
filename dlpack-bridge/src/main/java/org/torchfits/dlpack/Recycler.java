package org.torchfits.dlpack;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * Keeps large blocks that torch has let go, with their pages, for the next tensors: a fresh page
 * costs the kernel as much as reading the bytes that go into it.
 *
 * <p>The deleter of such a block is a few bytes of machine code that push it onto a list, on any
 * thread, without Java code, even after the JVM has ended; where more is kept already than the
 * limit, they pass it on to the C library's {@code free}. The engine takes the list when it needs a
 * block. In a forked child the list's page is wiped, so that its limit is 0: blocks are freed there
 * as ever.
 *
 * <p>A block's prefix is the link of the list and the block's size. On machines that the code is
 * not written for, all blocks are those of {@code malloc} and {@code free}.
 */
final class Recycler {
  /** Blocks below this come from the C library, which keeps them itself. */
  static final long LEAST_BYTES = 256 << 10;

  /** At most this much is kept: what an image of 10,000 x 10,000 float32 takes, and a bit. */
  static final long LIMIT_BYTES = 512L << 20;

  /** Stands before the DLPack struct; a multiple of the elements' alignment. */
  private static final long PREFIX_BYTES = 64;

  private static final long LINK = -16;
  private static final long CAPACITY = -8;
  private static final long PAGE_BYTES = 4096;
  private static final int KEPT_WORD = 1;
  private static final int LIMIT_WORD = 2;

  private static final boolean AVAILABLE = "amd64".equals(System.getProperty("os.arch"));

  /** Of the list: its head, the bytes kept, the limit. */
  private static final long STATE = AVAILABLE ? state() : 0;

  private static final long CODE = AVAILABLE ? code() : 0;

  /**
   * {@code void deleter(self)}: counts the block's bytes as kept; if that is within the limit
   * pushes the block, otherwise takes them back and frees the block.
   */
  private static final String DELETER =
      """
      f30f1efa 48ba @
      488b47f8 f0480fc14208 480347f8 483b4210 770f
      488b02 488947f0 f0480fb13a 75f5 c3
      488b47f8 f048294208 488d7fc0 48b8 @
      ffe0\
      """;

  /** {@code long claim(bytes)}: subtracts from the bytes kept, returns the list and empties it. */
  private static final String CLAIM = "f30f1efa 48ba @ f048297a08 31c0 488702 c3";

  private static final long CLAIM_OFFSET = 2048;

  private static final TreeMap<Long, ArrayDeque<Long>> KEPT = new TreeMap<>();

  private Recycler() {}

  /** Whether a block of that size comes from here. */
  static boolean takes(long bytes) {
    return AVAILABLE && bytes >= LEAST_BYTES;
  }

  /** The deleter of a block from here. */
  static long deleterAddress() {
    return CODE;
  }

  /**
   * Address of a block of at least so many bytes, kept or new; the block's size is known to the
   * deleter.
   *
   * @return 0 if there is no memory
   */
  static long allocate(long bytes) {
    long capacity = capacity(bytes);
    long address = takeKept(capacity);
    if (address == 0) {
      address = fresh(capacity);
    }
    if (address == 0) {
      freeKept();
      address = fresh(capacity);
    }
    return address;
  }

  /** Sizes in steps of an eighth, so that images of nearly one size use each other's blocks. */
  private static long capacity(long bytes) {
    long step = Long.highestOneBit(bytes) >>> 3;
    return Math.addExact(bytes, step - 1) & -step;
  }

  private static synchronized long takeKept(long capacity) {
    collect(claim(0));
    Map.Entry<Long, ArrayDeque<Long>> fit = KEPT.ceilingEntry(capacity);
    if (fit == null || fit.getKey() > capacity + capacity / 4) {
      makeRoom(capacity);
      return 0;
    }
    return take(fit.getKey(), fit.getValue());
  }

  private static long take(long capacity, ArrayDeque<Long> blocks) {
    long address = blocks.removeLast();
    if (blocks.isEmpty()) {
      KEPT.remove(capacity);
    }
    collect(claim(capacity));
    return address;
  }

  /** A new block and what is kept stay within the limit together; the largest go first. */
  private static void makeRoom(long capacity) {
    while (!KEPT.isEmpty() && keptBytes() > LIMIT_BYTES - capacity) {
      Map.Entry<Long, ArrayDeque<Long>> largest = KEPT.lastEntry();
      Libc.free(take(largest.getKey(), largest.getValue()) - PREFIX_BYTES);
    }
  }

  /** What waits to be used again may be all the memory that there is. */
  private static synchronized void freeKept() {
    collect(claim(0));
    makeRoom(LIMIT_BYTES);
  }

  /** Bytes of the blocks that wait to be used again. */
  static long keptBytes() {
    return MemorySegment.ofAddress(STATE).reinterpret(PAGE_BYTES).getAtIndex(JAVA_LONG, KEPT_WORD);
  }

  /** Takes the blocks of the deleter's list. */
  private static void collect(long first) {
    for (long address = first; address != 0; ) {
      MemorySegment prefix =
          MemorySegment.ofAddress(address - PREFIX_BYTES).reinterpret(PREFIX_BYTES);
      long capacity = prefix.get(JAVA_LONG, PREFIX_BYTES + CAPACITY);
      KEPT.computeIfAbsent(capacity, _ -> new ArrayDeque<>()).addLast(address);
      address = prefix.get(JAVA_LONG, PREFIX_BYTES + LINK);
    }
  }

  private static long fresh(long capacity) {
    long base = Libc.malloc(Math.addExact(capacity, PREFIX_BYTES));
    if (base == 0) {
      return 0;
    }
    MemorySegment.ofAddress(base)
        .reinterpret(PREFIX_BYTES)
        .set(JAVA_LONG, PREFIX_BYTES + CAPACITY, capacity);
    return base + PREFIX_BYTES;
  }

  /** Takes so many bytes off those that are kept, and the whole list. */
  private static long claim(long bytes) {
    return Libc.callAt(CODE + CLAIM_OFFSET, bytes);
  }

  private static long state() {
    long page = Libc.mapPages(PAGE_BYTES);
    Libc.wipeOnFork(page, PAGE_BYTES);
    MemorySegment.ofAddress(page)
        .reinterpret(PAGE_BYTES)
        .setAtIndex(JAVA_LONG, LIMIT_WORD, LIMIT_BYTES);
    return page;
  }

  private static long code() {
    long page = Libc.mapPages(PAGE_BYTES);
    MemorySegment code = MemorySegment.ofAddress(page).reinterpret(PAGE_BYTES);
    put(code, 0, DELETER, STATE, Libc.freeAddress());
    put(code, CLAIM_OFFSET, CLAIM, STATE);
    Libc.makeExecutable(page, PAGE_BYTES);
    return page;
  }

  /** Writes instructions in hexadecimal digits, each {@code @} in them an address. */
  private static void put(MemorySegment code, long offset, String hex, long... addresses) {
    String[] parts = hex.replaceAll("\\s", "").split("@", -1);
    long at = offset;
    for (int part = 0; part < parts.length; part++) {
      if (part > 0) {
        code.set(JAVA_LONG_UNALIGNED, at, addresses[part - 1]);
        at += Long.BYTES;
      }
      byte[] bytes = HexFormat.of().parseHex(parts[part]);
      MemorySegment.copy(bytes, 0, code, JAVA_BYTE, at, bytes.length);
      at += bytes.length;
    }
  }
}
