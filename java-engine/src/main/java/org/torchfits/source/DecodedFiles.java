package org.torchfits.source;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.torchfits.work.Unfinished;

/**
 * The compressed files that were decoded lately, so that none is decoded for each read anew. Every
 * lease asks for the file's identity: a changed file is decoded again. What nobody leases may go,
 * the longest unused first.
 *
 * <p>One for the process, since its bounds are those of the process.
 */
public final class DecodedFiles {
  static final DecodedFiles SHARED = new DecodedFiles();

  /** Each holds up to two descriptors. */
  private static final int MAX_FILES = 32;

  private static final long MAX_MEMORY_BYTES = 256L << 20;
  private static final long MAX_DISK_BYTES = 8L << 30;

  /** Of the JVM's heap of 128 MiB: for the dictionaries and tables of decoders. */
  private static final long MAX_HEAP_BYTES = 80L << 20;

  /** Who was sent away while decoding went on comes back at once, or has given up. */
  private static final long PATIENCE_NANOS = 10_000_000_000L;

  private static final long WAIT_MILLIS = 5;

  private final Map<FileIdentity, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

  /** Those that are not closed: what is in the map, and what is leased and was replaced there. */
  private final List<Entry> open = new ArrayList<>();

  DecodedFiles() {}

  /** A decoded file and who uses it. Guarded by the lock of all. */
  static final class Entry {
    private final FileIdentity identity;
    private final DecodedFile file;
    private final boolean settled;
    private int leases;
    private boolean awaited;
    private long awaitedSinceNanos;

    private Entry(FileIdentity identity, DecodedFile file) {
      this.identity = identity;
      this.file = file;
      this.settled = identity.isSettled();
    }

    DecodedFile file() {
      return file;
    }

    /** Of the compressed file. */
    FileIdentity identity() {
      return identity;
    }

    private boolean holdsHeap() {
      return file.heapBytes() > 0;
    }

    private boolean isAny() {
      return true;
    }

    private boolean isAwaited() {
      return awaited && System.nanoTime() - awaitedSinceNanos < PATIENCE_NANOS;
    }

    /** A file that was just written may have been written again without a trace. */
    private boolean isValid() {
      return settled || leases > 0 || isAwaited();
    }
  }

  /**
   * What is kept.
   *
   * @param bytes that were decoded, in memory and in unnamed files
   */
  public record Counts(int files, long bytes) {}

  /** As it is now. */
  public static Counts counts() {
    return SHARED.count();
  }

  /** Closes what nobody leases or awaits. */
  public static void clear() {
    SHARED.closeUnused();
  }

  private synchronized Counts count() {
    long bytes = open.stream().mapToLong(entry -> entry.file.bytes()).sum();
    return new Counts(open.size(), bytes);
  }

  synchronized void closeUnused() {
    removeEldestWhile(() -> true, Entry::isAny);
  }

  /**
   * Leases what a file decodes to, until {@link #release}.
   *
   * @param compressed is closed sooner or later, unless this fails
   * @throws Unfinished if all memory for decoders is in use now
   */
  Entry lease(RawSource compressed, Compression compression) {
    FileIdentity identity = compressed.identity();
    Entry entry = leaseKnown(identity);
    if (entry != null) {
      compressed.close();
      return entry;
    }
    long heapBytes = compression.heapBytes(compressed);
    entry = leaseNew(identity, compressed, compression, heapBytes);
    if (entry == null) {
      pause();
      throw new Unfinished(compressed.name() + " waits for others that are being decompressed");
    }
    return entry;
  }

  private synchronized @Nullable Entry leaseKnown(FileIdentity identity) {
    Entry entry = entries.get(identity);
    if (entry == null || !entry.isValid()) {
      return null;
    }
    entry.leases++;
    entry.awaited = false;
    return entry;
  }

  private synchronized @Nullable Entry leaseNew(
      FileIdentity identity, RawSource compressed, Compression compression, long heapBytes) {
    removeEldestWhile(() -> heapBytes() + heapBytes > MAX_HEAP_BYTES, Entry::holdsHeap);
    if (heapBytes() + heapBytes > MAX_HEAP_BYTES) {
      return null;
    }
    Entry entry = new Entry(identity, new DecodedFile(compressed, compression, heapBytes));
    entry.leases = 1;
    open.add(entry);
    Entry replaced = entries.put(identity, entry);
    if (replaced != null && replaced.leases == 0) {
      close(replaced);
    }
    return entry;
  }

  private static void pause() {
    try {
      Thread.sleep(WAIT_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Ends a lease.
   *
   * @param comesBack whether the holder was sent away while decoding goes on
   */
  synchronized void release(Entry entry, boolean comesBack) {
    entry.leases--;
    if (comesBack) {
      entry.awaited = true;
      entry.awaitedSinceNanos = System.nanoTime();
    }
    boolean isCurrent = entries.get(entry.identity) == entry;
    if (entry.leases == 0 && !(isCurrent && entry.isValid() && entry.file.isRepeatable())) {
      entries.remove(entry.identity, entry);
      close(entry);
    }
    removeEldestWhile(this::isOverBound, Entry::isAny);
  }

  private void removeEldestWhile(BooleanSupplier tooMuch, Predicate<Entry> candidate) {
    Iterator<Entry> eldestFirst = entries.values().iterator();
    while (eldestFirst.hasNext() && tooMuch.getAsBoolean()) {
      Entry entry = eldestFirst.next();
      if (entry.leases == 0 && !entry.isAwaited() && candidate.test(entry)) {
        eldestFirst.remove();
        close(entry);
      }
    }
  }

  private void close(Entry entry) {
    open.remove(entry);
    entry.file.close();
  }

  private boolean isOverBound() {
    long memory = 0;
    long disk = 0;
    for (Entry entry : open) {
      if (entry.file.isOnDisk()) {
        disk += entry.file.bytes();
      } else {
        memory += entry.file.bytes();
      }
    }
    return open.size() > MAX_FILES || memory > MAX_MEMORY_BYTES || disk > MAX_DISK_BYTES;
  }

  private long heapBytes() {
    long sum = 0;
    for (Entry entry : open) {
      sum += entry.file.heapBytes();
    }
    return sum;
  }
}
