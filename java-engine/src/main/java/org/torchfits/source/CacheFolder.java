package org.torchfits.source;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A folder of small files that are kept from one process to the next, and may vanish at any time.
 * Who reads them checks what is in them. A folder that cannot be read or written, and a full disk,
 * cost time alone.
 *
 * <p>Safe for use by several threads and processes.
 */
public final class CacheFolder {
  /** Behind the name of a file that is being written. */
  private static final String PARTIAL = ".partial";

  /** Nobody writes as long as this: the writer was killed. */
  private static final long LONGEST_WRITE_MILLIS = 3_600_000;

  private static final AtomicLong WRITES = new AtomicLong();

  private final @Nullable Path folder;
  private final long mostBytes;
  private final ToLongFunction<File> fileBytes;

  /**
   * @param folder made when it is needed; null for none
   * @param mostBytes of all files in it, of which the one used longest ago goes first
   */
  public CacheFolder(@Nullable Path folder, long mostBytes) {
    this(folder, mostBytes, File::length);
  }

  /**
   * @param fileBytes what a file counts for
   */
  CacheFolder(@Nullable Path folder, long mostBytes, ToLongFunction<File> fileBytes) {
    this.folder = folder;
    this.mostBytes = mostBytes;
    this.fileBytes = fileBytes;
  }

  /** A folder below that of all caches. */
  public static CacheFolder named(String name, long mostBytes) {
    Path root = root();
    return new CacheFolder(root == null ? null : root.resolve(name), mostBytes);
  }

  /**
   * Where all caches are kept: $XDG_CACHE_HOME/torchfits, by default ~/.cache/torchfits; null if
   * Java has no name for it.
   */
  static @Nullable Path root() {
    String cache = System.getenv("XDG_CACHE_HOME");
    String home = System.getenv("HOME");
    try {
      Path base =
          cache != null && !cache.isEmpty()
              ? Path.of(cache)
              : Path.of(home == null ? System.getProperty("user.home") : home, ".cache");
      return base.resolve("torchfits");
    } catch (InvalidPathException otherEncoding) {
      return null;
    }
  }

  /** The content of a file; null if it is not there, or larger than all may be. */
  public byte @Nullable [] read(String name) {
    if (folder == null) {
      return null;
    }
    Path file = folder.resolve(name);
    try {
      if (!Files.isRegularFile(file) || Files.size(file) > mostBytes) {
        return null;
      }
      byte[] content = Files.readAllBytes(file);
      // Where that is refused, only the order of removal is lost.
      boolean _ = file.toFile().setLastModified(System.currentTimeMillis());
      return content;
    } catch (IOException unreadable) {
      return null;
    }
  }

  /** Makes a file, or replaces it at once. */
  public void write(String name, byte[] content) {
    if (content.length <= mostBytes) {
      String _ = replace(name, content);
      trim();
    }
  }

  /** Puts a file that is complete into its place. */
  private interface Placing {
    void place(Path complete, Path file) throws IOException;
  }

  /** Makes a file, or replaces it at once, whatever the bound; why not, if it is not possible. */
  private @Nullable String replace(String name, byte[] content) {
    return make(
        name,
        content,
        (complete, file) -> Files.move(complete, file, StandardCopyOption.ATOMIC_MOVE));
  }

  /** Makes a file unless it is there, whatever the bound; why not, if it is not possible. */
  @Nullable String add(String name, byte[] content) {
    return make(name, content, CacheFolder::link);
  }

  private static void link(Path complete, Path file) throws IOException {
    try {
      Files.createLink(file, complete);
    } catch (FileAlreadyExistsException another) {
      // Another thread or process was faster: its file is as good.
    } catch (UnsupportedOperationException | FileSystemException noLinks) {
      Files.move(complete, file, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private @Nullable String make(String name, byte[] content, Placing placing) {
    if (folder == null) {
      return "there is no folder";
    }
    String own = "." + ProcessHandle.current().pid() + "." + WRITES.incrementAndGet();
    Path partial = folder.resolve(name + own + PARTIAL);
    try {
      Files.createDirectories(folder);
      writeNew(partial, content);
      placing.place(partial, folder.resolve(name));
      return null;
    } catch (IOException notWritable) {
      return notWritable.toString();
    } finally {
      boolean _ = partial.toFile().delete();
    }
  }

  /** Only the owner may read what tells of the owner's files. */
  private static void writeNew(Path file, byte[] content) throws IOException {
    var options = EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    var ownerOnly = PosixFilePermissions.fromString("rw-------");
    try (var channel =
        Files.newByteChannel(file, options, PosixFilePermissions.asFileAttribute(ownerOnly))) {
      for (var rest = ByteBuffer.wrap(content); rest.hasRemaining(); ) {
        channel.write(rest);
      }
    }
  }

  /** A file, as it was when it was looked at: others may use it meanwhile. */
  private record Entry(File file, long modifiedMillis, long bytes) {
    Entry(File file, ToLongFunction<File> bytes) {
      this(file, file.lastModified(), bytes.applyAsLong(file));
    }

    boolean isPartial() {
      return file.getName().endsWith(PARTIAL);
    }

    void delete() {
      // Another process may have been faster.
      boolean _ = file.delete();
    }
  }

  /** Those used longest ago first. */
  private List<Entry> entries() {
    File[] files = folder == null ? null : folder.toFile().listFiles(File::isFile);
    return files == null
        ? List.of()
        : Stream.of(files)
            .map(file -> new Entry(file, fileBytes))
            .sorted(Comparator.comparingLong(Entry::modifiedMillis))
            .toList();
  }

  /**
   * What a look at the folder left.
   *
   * @param bytes of the files that stay
   * @param removed files that were complete, for the bound
   */
  record Trimmed(long bytes, int removed) {}

  /** Removes what was left behind by writers, and what was used longest ago beyond the bound. */
  Trimmed trim() {
    List<Entry> entries = entries();
    long bytes = entries.stream().mapToLong(Entry::bytes).sum();
    long left = System.currentTimeMillis() - LONGEST_WRITE_MILLIS;
    int removed = 0;
    for (Entry entry : entries) {
      if (entry.isPartial() ? entry.modifiedMillis < left : bytes > mostBytes) {
        bytes -= entry.bytes;
        removed += entry.isPartial() ? 0 : 1;
        entry.delete();
      }
    }
    return new Trimmed(bytes, removed);
  }

  /** Removes all files. */
  public void clear() {
    entries().forEach(Entry::delete);
  }
}
