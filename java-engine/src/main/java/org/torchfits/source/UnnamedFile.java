package org.torchfits.source;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.torchfits.dlpack.Libc;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/**
 * A file of ours without a name, in memory or on a disk: it is gone when it is closed, and when the
 * process ends in whatever way. Reads and writes of different places need no order.
 */
final class UnnamedFile implements AutoCloseable {
  private final FileSource file;
  private final int descriptor;

  private UnnamedFile(String name, int descriptor) {
    this.file = FileSource.of(name, descriptor);
    this.descriptor = descriptor;
  }

  /**
   * A file in memory that is not the Java heap's.
   *
   * @param name of what it holds, for messages
   */
  static UnnamedFile inMemory(String name) {
    try (Scratch scratch = Scratch.borrow()) {
      int descriptor = Libc.createInMemory(scratch.zeroTerminated("torchfits"));
      if (descriptor < 0) {
        throw failed(name, "no memory can be had", -descriptor);
      }
      return new UnnamedFile(name, descriptor);
    }
  }

  /**
   * A file on the disk of the cache folder, or else of the folder for temporary files.
   *
   * @param name of what it holds, for messages
   */
  static UnnamedFile onDisk(String name) {
    int descriptor = -Libc.ENOENT;
    for (Path folder : folders()) {
      descriptor = create(folder);
      if (descriptor >= 0) {
        return new UnnamedFile(name, descriptor);
      }
    }
    throw failed(name, "no temporary file can be made in any of " + folders(), -descriptor);
  }

  private static List<Path> folders() {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    Path cache = CacheFolder.root();
    return cache == null ? List.of(temporary) : List.of(cache, temporary);
  }

  /** The descriptor, or {@code -errno}. */
  private static int create(Path folder) {
    try (Scratch scratch = Scratch.borrow()) {
      Files.createDirectories(folder);
      return Libc.createUnnamed(scratch.zeroTerminated(folder.toString()));
    } catch (IOException notWritable) {
      return -Libc.EACCES;
    }
  }

  /** Writes all of {@code bytes}. */
  void write(long offset, MemorySegment bytes) {
    int errno = FileTarget.write(descriptor, offset, bytes);
    if (errno != 0) {
      throw failed(file.name(), "they cannot be kept", errno);
    }
  }

  /** Fills {@code into} with what was written there. */
  void read(long offset, MemorySegment into) {
    if (file.read(offset, into) < into.byteSize()) {
      throw new IllegalStateException("read beyond what was written");
    }
  }

  /** A name of this file that holds until it is closed. */
  String descriptorPath() {
    return file.descriptorPath();
  }

  private static FitsException failed(String name, String reason, int errno) {
    String full = FileTarget.isFull(errno) ? ": no space is left" : "";
    return new FitsException(
        ErrorKind.IO,
        errno,
        name + ": the decompressed bytes: " + reason + full + " (errno " + errno + ")");
  }

  @Override
  public void close() {
    file.close();
  }
}
