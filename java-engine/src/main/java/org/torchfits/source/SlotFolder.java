package org.torchfits.source;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Libc;
import org.torchfits.dlpack.StatView;

/**
 * A folder of {@link SlotFile}s that processes share, within a budget of bytes. They are called by
 * keys that tell everything of what is in them, and may vanish at any time. Where the folder cannot
 * be written, or its disk is full, this process writes no more; it never fails.
 *
 * <p>Safe for use by several threads and processes.
 */
public final class SlotFolder {
  /** To be raised when slots hold other bytes for the same key. */
  private static final String FORMAT = "torchfits slots 1 ";

  /** After writing such a part of the budget a process looks at the folder again. */
  private static final long PARTS = 16;

  private static final int NAME_CHARS = 32;

  private static volatile @Nullable SlotFolder ofProcess;

  private final String path;
  private final long budget;
  private final CacheFolder folder;

  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder writes = new LongAdder();
  private final LongAdder removed = new LongAdder();
  private final LongAdder failures = new LongAdder();

  /** Of all files when the folder was looked at last, and what was written since. */
  private final AtomicLong bytes = new AtomicLong();

  private final AtomicLong unseenBytes;
  private final AtomicBoolean isLookedAt = new AtomicBoolean();
  private volatile boolean isWritable = true;
  private volatile String problem = "";

  /**
   * @param path of the folder, which is made when it is needed
   * @param budget bytes of all files in it; the one used longest ago goes first
   */
  public SlotFolder(String path, long budget) {
    this.path = path;
    this.budget = budget;
    // One process alone stays within the budget between two looks.
    this.folder = new CacheFolder(Path.of(path), budget - budget / PARTS, SlotFolder::diskBytes);
    this.unseenBytes = new AtomicLong(budget);
  }

  /** The folder that this process uses; null for none. */
  public static @Nullable SlotFolder ofProcess() {
    return ofProcess;
  }

  /** Chooses the folder that this process uses. */
  public static void use(@Nullable SlotFolder folder) {
    ofProcess = folder;
  }

  public String path() {
    return path;
  }

  public long budget() {
    return budget;
  }

  /**
   * Opens a file.
   *
   * @param key of what is in it
   * @param slotBytes of each slot
   * @param create whether to make it if it is not there
   * @return null if it is not there and cannot, or shall not, be made
   */
  public @Nullable SlotFile open(String key, long slotBytes, boolean create) {
    byte[] header = header(key, slotBytes);
    String name =
        HexFormat.of().formatHex(header, FORMAT.length(), FORMAT.length() + NAME_CHARS / 2);
    SlotFile there = openThere(name, header, slotBytes);
    if (there != null || !create || !isWritable) {
      return there;
    }
    // What is there under the name is none of ours, or was damaged.
    boolean _ = new File(path, name).delete();
    String refused = folder.add(name, header);
    if (refused != null) {
      fail(refused);
      return null;
    }
    countBytes(SlotFile.HEADER_BYTES);
    return openThere(name, header, slotBytes);
  }

  /** The first bytes of a file, which no file of another key has. */
  private static byte[] header(String key, long slotBytes) {
    byte[] digest = digest(FORMAT + slotBytes + " " + key);
    byte[] header = Arrays.copyOf(FORMAT.getBytes(ISO_8859_1), SlotFile.HEADER_BYTES);
    System.arraycopy(digest, 0, header, FORMAT.length(), digest.length);
    return header;
  }

  private static byte[] digest(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
    } catch (NoSuchAlgorithmException impossible) {
      throw new AssertionError("every Java has SHA-256", impossible);
    }
  }

  private @Nullable SlotFile openThere(String name, byte[] header, long slotBytes) {
    File file = new File(path, name);
    int descriptor = open(file, true);
    boolean isUpdated = descriptor >= 0;
    if (!isUpdated && descriptor != -Libc.ENOENT) {
      descriptor = open(file, false);
    }
    if (descriptor < 0) {
      return null;
    }
    SlotFile opened = new SlotFile(this, descriptor, isUpdated, slotBytes);
    if (!opened.hasHeader(header)) {
      opened.close();
      return null;
    }
    // Where that is refused, only the order of removal is lost.
    boolean _ = file.setLastModified(System.currentTimeMillis());
    return opened;
  }

  private static int open(File file, boolean update) {
    try (Scratch scratch = Scratch.borrow()) {
      MemorySegment name = scratch.zeroTerminated(onDisk(file));
      return update ? Libc.openForUpdate(name) : Libc.openForReading(name);
    }
  }

  /** The bytes of a name, one in each char. */
  private static String onDisk(File file) {
    return new String(file.getPath().getBytes(UTF_8), ISO_8859_1);
  }

  /** What a file takes of the disk; its slots may be holes. */
  private static long diskBytes(File file) {
    try (Scratch scratch = Scratch.borrow()) {
      MemorySegment name = scratch.zeroTerminated(onDisk(file), StatView.BYTES);
      MemorySegment struct = scratch.bytes();
      return Libc.stat(name, struct) == 0 ? StatView.diskBytes(struct) : 0;
    }
  }

  /** Whether this process goes on writing. */
  boolean isWritable() {
    return isWritable;
  }

  void countRead(boolean found) {
    (found ? hits : misses).increment();
  }

  void countWrite(long written) {
    writes.increment();
    countBytes(written);
  }

  private void countBytes(long written) {
    bytes.addAndGet(written);
    if (unseenBytes.addAndGet(written) > budget / PARTS) {
      look();
    }
  }

  /** Keeps the folder within its budget; one thread does it. */
  private void look() {
    if (isLookedAt.compareAndSet(false, true)) {
      try {
        unseenBytes.set(0);
        CacheFolder.Trimmed trimmed = folder.trim();
        bytes.set(trimmed.bytes());
        removed.add(trimmed.removed());
      } finally {
        isLookedAt.set(false);
      }
    }
  }

  /** Something could not be read or written: from now on nothing is written. */
  void fail(String reason) {
    failures.increment();
    problem = reason;
    isWritable = false;
  }

  /** Removes all files; writes are tried again. */
  public void clear() {
    folder.clear();
    bytes.set(0);
    isWritable = true;
    problem = "";
  }

  /**
   * What was counted by this process.
   *
   * @param bytes of the files, as far as they are known
   * @param hits slots that had something
   * @param writes of slots
   * @param removed files, for the budget
   * @param failures of reads and writes
   * @param problem why the last one failed; empty if none did
   */
  public record Counts(
      long bytes,
      long hits,
      long misses,
      long writes,
      long removed,
      long failures,
      String problem) {
    /** Of no folder. */
    public static final Counts NONE = new Counts(0, 0, 0, 0, 0, 0, "");
  }

  /** As it is now; looks at the folder. */
  public Counts counts() {
    look();
    return new Counts(
        bytes.get(),
        hits.sum(),
        misses.sum(),
        writes.sum(),
        removed.sum(),
        failures.sum(),
        problem);
  }
}
