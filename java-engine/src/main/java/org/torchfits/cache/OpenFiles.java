package org.torchfits.cache;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.torchfits.header.HduIndex;
import org.torchfits.header.HduReader;
import org.torchfits.header.Window;
import org.torchfits.source.FileIdentity;
import org.torchfits.source.FitsSource;
import org.torchfits.source.SourceNames;

/**
 * The files that were read lately: their HDUs, and the descriptors of those that were read more
 * than once, so that the next read neither opens nor parses again. At each use the path is asked
 * anew which file it means; what was known of one that changed is forgotten.
 *
 * <p>A small file leaves nothing: its header and its pixels come with one read anyway. A large one
 * that is read once leaves its HDUs and no descriptor.
 *
 * <p>Safe for use by several threads.
 */
public final class OpenFiles {
  /**
   * How much is kept.
   *
   * @param files whose HDUs are known
   * @param descriptors that are open although nobody reads from them
   * @param headerBytes that were parsed; what is kept of them takes less
   * @param idleNanos after which the next call closes a descriptor that nobody used
   */
  record Bounds(int files, int descriptors, long headerBytes, long idleNanos) {}

  private static final OpenFiles OF_PROCESS =
      new OpenFiles(new Bounds(1024, 64, 32 << 20, 10_000_000_000L));

  private final Bounds bounds;

  /** By path, the one that was used last at the end. */
  private final Map<String, CachedFile> files = new LinkedHashMap<>(16, 0.75f, true);

  /** Those that are open without a lease, the one that was given back last at the end. */
  private final Set<CachedFile> idle = new LinkedHashSet<>();

  private long headerBytes;

  OpenFiles(Bounds bounds) {
    this.bounds = bounds;
  }

  /**
   * A reader of the HDUs of a file; those that are known of a local one cost no reading.
   *
   * @param path as for {@link FitsSource#open}
   */
  public static HduReader open(String path) {
    return OF_PROCESS.reader(path);
  }

  HduReader reader(String path) {
    if (!SourceNames.isLocalFile(path)) {
      return new HduReader(FitsSource.open(path));
    }
    CachedFile known = open(path, System.nanoTime());
    FileLease lease = known == null ? null : leaseIfUnchanged(known);
    return lease == null ? readerOfOpened(path) : readerOf(lease);
  }

  private static HduReader readerOf(FileLease lease) {
    return readerOf(lease, new Window());
  }

  private static HduReader readerOf(FileLease lease, Window window) {
    return new HduReader(lease, lease.file().index, window);
  }

  /**
   * What is kept.
   *
   * @param known files whose HDUs are known
   * @param open files that are open, read from or not
   */
  public record Counts(int known, int open) {}

  /** As it is now. */
  public static Counts counts() {
    return OF_PROCESS.count();
  }

  /** Forgets all files; those that are read from are closed when that ends. */
  public static void clear() {
    OF_PROCESS.forgetAll();
  }

  private synchronized Counts count() {
    long open = files.values().stream().filter(file -> file.source != null).count();
    return new Counts(files.size(), (int) open);
  }

  synchronized void forgetAll() {
    List.copyOf(files.values()).forEach(this::forget);
  }

  /** A small file is never asked what it is: its first bytes are all that is wanted. */
  private HduReader readerOfOpened(String path) {
    long beforeRead = FileIdentity.nowNanos();
    FitsSource source = FitsSource.open(path);
    Window start = new Window();
    try {
      if (!isKnown(path)) {
        start.load(source, 0, 1);
        if (!start.isFull()) {
          return new HduReader(source, new HduIndex(), start);
        }
      }
      FileIdentity identity = source.identity();
      return identity.size() > Window.BYTES && identity.isSettledAt(beforeRead)
          ? readerOf(keep(path, identity, source), start)
          : new HduReader(source, new HduIndex(), start);
    } catch (RuntimeException | Error failure) {
      start.close();
      source.close();
      throw failure;
    }
  }

  private synchronized boolean isKnown(String path) {
    return files.containsKey(path);
  }

  /** The file of that path if there is an open one. */
  private synchronized @Nullable CachedFile open(String path, long nowNanos) {
    closeIdle(bounds.descriptors, nowNanos - bounds.idleNanos);
    CachedFile known = files.get(path);
    return known == null || known.source == null ? null : known;
  }

  private @Nullable FileLease leaseIfUnchanged(CachedFile known) {
    boolean unchanged = known.identity.equals(FileIdentity.ofPath(known.path));
    synchronized (this) {
      if (!unchanged) {
        forget(known);
      }
      // Another thread may have forgotten or closed it meanwhile.
      return known.forgotten || known.source == null ? null : lease(known, known.source);
    }
  }

  private synchronized FileLease keep(String path, FileIdentity identity, FitsSource opened) {
    CachedFile file = files.get(path);
    if (file == null || !file.identity.equals(identity)) {
      if (file != null) {
        forget(file);
      }
      file = new CachedFile(path, identity);
      files.put(path, file);
    }
    if (file.source == null) {
      file.source = opened;
    } else {
      // Another thread opened the same file meanwhile.
      opened.close();
    }
    return lease(file, file.source);
  }

  private FileLease lease(CachedFile file, FitsSource source) {
    idle.remove(file);
    file.leases++;
    file.uses++;
    if (file.uses > 1) {
      source.keep();
    }
    return new FileLease(this, file, source);
  }

  synchronized void giveBack(CachedFile file) {
    file.leases--;
    if (file.leases == 0) {
      if (file.forgotten || file.uses == 1 || isCompressed(file)) {
        close(file);
      } else {
        file.idleSince = System.nanoTime();
        idle.add(file);
        closeIdle(bounds.descriptors, file.idleSince - bounds.idleNanos);
      }
    }
    weigh(file);
  }

  /** What a compressed file decodes to is kept elsewhere, within bounds of its own. */
  synchronized boolean isCompressed(CachedFile file) {
    file.compressed |= file.source != null && file.source.isCompressed();
    return file.compressed;
  }

  /** Counts what was parsed of a file since, and forgets files beyond the bounds. */
  private void weigh(CachedFile file) {
    if (!file.forgotten) {
      long now = file.index.headerBytes();
      headerBytes += now - file.headerBytes;
      file.headerBytes = now;
    }
    while (files.size() > bounds.files || headerBytes > bounds.headerBytes) {
      forget(files.values().iterator().next());
    }
  }

  private void forget(CachedFile file) {
    if (!file.forgotten) {
      file.forgotten = true;
      files.remove(file.path);
      headerBytes -= file.headerBytes;
      if (idle.remove(file)) {
        close(file);
      }
    }
  }

  /** Closes what was idle longest until so many are left, and whatever was idle since that time. */
  private void closeIdle(int most, long sinceNanos) {
    while (!idle.isEmpty()) {
      CachedFile eldest = idle.iterator().next();
      if (idle.size() <= most && eldest.idleSince - sinceNanos > 0) {
        return;
      }
      idle.remove(eldest);
      close(eldest);
    }
  }

  private static void close(CachedFile file) {
    if (file.source != null) {
      file.source.close();
      file.source = null;
    }
  }
}
