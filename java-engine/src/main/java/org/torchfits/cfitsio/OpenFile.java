package org.torchfits.cfitsio;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.Libc;
import org.torchfits.dlpack.StatView;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/**
 * A regular file held open by us, so that its name is looked up once, literally, and not by
 * cfitsio.
 *
 * <p>cfitsio gets {@link #descriptorPath()} instead. Even {@code fits_open_diskfile} does more with
 * a name than open it: it skips leading blanks, expands {@code ~} (and crashes when there is no
 * such user), waits for the other end of a pipe, and when the file is missing opens {@code
 * NAME.gz}, {@code .bz2}, {@code .Z}, {@code .z}, {@code .zip}, {@code -z} or {@code -gz} in its
 * place.
 */
final class OpenFile implements AutoCloseable {
  private final String name;
  private final int descriptor;
  private final long size;

  private OpenFile(String name, int descriptor, long size) {
    this.name = name;
    this.descriptor = descriptor;
    this.size = size;
  }

  /**
   * Opens a file for reading.
   *
   * @param path the bytes of the name, one in each char (ISO 8859-1)
   */
  static OpenFile open(String path) {
    requireBytes(path);
    String name = new String(path.getBytes(ISO_8859_1), UTF_8);
    try (Arena arena = Arena.ofConfined()) {
      int descriptor = Libc.openForReading(arena.allocateFrom(path, ISO_8859_1));
      if (descriptor < 0) {
        throw openFailed(name, -descriptor);
      }
      return opened(name, descriptor, arena.allocate(StatView.BYTES + Long.BYTES, Long.BYTES));
    }
  }

  private static void requireBytes(String path) {
    if (path.chars().anyMatch(c -> c == 0 || c > 0xFF)) {
      throw new IllegalArgumentException(
          "a path is bytes from 1 to 255, one in each char: " + path);
    }
  }

  private static OpenFile opened(String name, int descriptor, MemorySegment struct) {
    int status = Libc.stat(descriptor, struct);
    if (status == 0 && StatView.isRegular(struct)) {
      return new OpenFile(name, descriptor, StatView.size(struct));
    }
    Libc.close(descriptor);
    throw status < 0
        ? openFailed(name, -status)
        : new FitsException(ErrorKind.NOT_A_FILE, name + ": not a regular file");
  }

  private static FitsException openFailed(String name, int errno) {
    return switch (errno) {
      case Libc.ENOENT, Libc.ENOTDIR, Libc.ENAMETOOLONG ->
          new FitsException(ErrorKind.NOT_FOUND, errno, name + ": no such file");
      case Libc.EACCES, Libc.EPERM ->
          new FitsException(ErrorKind.ACCESS_DENIED, errno, name + ": permission denied");
      case Libc.ENXIO ->
          new FitsException(ErrorKind.NOT_A_FILE, errno, name + ": not a regular file");
      default ->
          new FitsException(ErrorKind.IO, errno, name + ": cannot be opened (errno " + errno + ")");
    };
  }

  /** The path as text, for messages. */
  String name() {
    return name;
  }

  /** In bytes, when it was opened. */
  long size() {
    return size;
  }

  /** A name of this file that holds until {@link #close()}, with nothing in it to expand. */
  String descriptorPath() {
    return "/proc/self/fd/" + descriptor;
  }

  /**
   * Reads from {@code offset} on.
   *
   * @return bytes read; fewer than {@code into} holds only at the end of the file
   */
  long read(long offset, MemorySegment into) {
    long got = 0;
    while (got < into.byteSize()) {
      long more = Libc.read(descriptor, into.asSlice(got), offset + got);
      if (more == 0) {
        break;
      }
      if (more != -Libc.EINTR) {
        got += requireRead(more, offset + got);
      }
    }
    return got;
  }

  private long requireRead(long bytes, long offset) {
    if (bytes < 0) {
      throw new FitsException(
          ErrorKind.IO,
          (int) -bytes,
          name + ": reading at byte " + offset + " failed (errno " + -bytes + ")");
    }
    return bytes;
  }

  /** Whether the eight bytes at {@code offset} are {@code keyword}, blanks included. */
  boolean hasKeywordAt(long offset, String keyword) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(8);
      read(offset, bytes);
      return keyword.equals(new String(bytes.toArray(JAVA_BYTE), ISO_8859_1));
    }
  }

  @Override
  public void close() {
    Libc.close(descriptor);
  }
}
