package org.torchfits.source;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.Libc;
import org.torchfits.dlpack.StatView;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/** A local regular file, read by position. */
public final class FileSource implements ByteSource {
  private final String name;
  private final int descriptor;
  private final long size;

  private FileSource(String name, int descriptor, long size) {
    this.name = name;
    this.descriptor = descriptor;
    this.size = size;
  }

  /**
   * Opens a file. The name is taken literally: no character in it has a meaning.
   *
   * @param path the bytes of the name, one in each char (ISO 8859-1), since a name on disk is bytes
   *     and not text
   */
  public static FileSource open(String path) {
    try (Scratch scratch = Scratch.borrow()) {
      String name = displayName(path);
      int descriptor = Libc.openForReading(scratch.zeroTerminated(path));
      if (descriptor < 0) {
        throw openFailed(name, -descriptor);
      }
      return opened(name, descriptor, scratch.bytes());
    }
  }

  /** The name as text, for messages and for interfaces that take text. */
  public static String displayName(String path) {
    return new String(path.getBytes(ISO_8859_1), UTF_8);
  }

  private static FileSource opened(String name, int descriptor, MemorySegment struct) {
    int status = Libc.stat(descriptor, struct);
    if (status == 0 && StatView.isRegular(struct)) {
      return new FileSource(name, descriptor, StatView.size(struct));
    }
    Libc.close(descriptor);
    throw status < 0
        ? openFailed(name, -status)
        : new FitsException(
            ErrorKind.NOT_A_FILE, name + ": " + fileType(struct) + ", not a regular file");
  }

  private static String fileType(MemorySegment struct) {
    return StatView.isDirectory(struct) ? "a directory" : "a pipe, socket or device";
  }

  private static FitsException openFailed(String name, int errno) {
    return switch (errno) {
      case Libc.ENOENT, Libc.ENOTDIR ->
          new FitsException(ErrorKind.NOT_FOUND, errno, name + ": no such file");
      case Libc.EACCES, Libc.EPERM ->
          new FitsException(ErrorKind.ACCESS_DENIED, errno, name + ": permission denied");
      case Libc.ENXIO ->
          new FitsException(
              ErrorKind.NOT_A_FILE, errno, name + ": a socket or device, not a regular file");
      case Libc.ENAMETOOLONG ->
          new FitsException(ErrorKind.NOT_FOUND, errno, name + ": the name is too long");
      case Libc.ELOOP -> new FitsException(ErrorKind.IO, errno, name + ": too many symbolic links");
      case Libc.EMFILE, Libc.ENFILE ->
          new FitsException(ErrorKind.IO, errno, name + ": too many open files");
      default ->
          new FitsException(ErrorKind.IO, errno, name + ": cannot be opened (errno " + errno + ")");
    };
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public long read(long offset, MemorySegment into) {
    long wanted = into.byteSize();
    long got = readOnce(offset, into);
    // One call brings everything but for signals and sizes beyond 2 GiB.
    while (got < wanted && offset + got < size) {
      long more = readOnce(offset + got, into.asSlice(got));
      if (more == 0) {
        break;
      }
      got += more;
    }
    return got;
  }

  private long readOnce(long offset, MemorySegment into) {
    long got = Libc.read(descriptor, into, offset);
    while (got == -Libc.EINTR) {
      got = Libc.read(descriptor, into, offset);
    }
    if (got < 0) {
      throw new FitsException(
          ErrorKind.IO,
          (int) -got,
          name + ": reading at byte " + offset + " failed (errno " + -got + ")");
    }
    return got;
  }

  @Override
  public void close() {
    Libc.close(descriptor);
  }
}
