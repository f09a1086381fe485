package org.torchfits.source;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Libc;
import org.torchfits.dlpack.StatView;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.work.Stage;
import org.torchfits.work.Tally;

/**
 * A local regular file, read by position.
 *
 * <p>Size and type are asked for when they are needed: the first read of a small file brings all
 * that is ever asked for.
 */
public final class FileSource implements RawSource {
  private static final long UNKNOWN = -1;

  /** Of longer runs each page that was not used before costs more than the call. */
  private static final long MAPPED_RUN_BYTES = 16 << 10;

  private final String path;
  private final int descriptor;
  private volatile long size = UNKNOWN;

  /** So many bytes at least there are, as reads have shown. */
  private volatile long seen;

  private volatile boolean isKept;
  private volatile boolean isUnmappable;
  private volatile @Nullable MemorySegment mapping;

  private FileSource(String path, int descriptor) {
    this.path = path;
    this.descriptor = descriptor;
  }

  /**
   * A file that is open already.
   *
   * @param name for messages
   * @param descriptor is closed with the source
   */
  static FileSource of(String name, int descriptor) {
    return new FileSource(new String(name.getBytes(UTF_8), ISO_8859_1), descriptor);
  }

  /**
   * Opens a file. The name is taken literally: no character in it has a meaning.
   *
   * @param path the bytes of the name, one in each char (ISO 8859-1), since a name on disk is bytes
   *     and not text
   */
  public static FileSource open(String path) {
    try (Scratch scratch = Scratch.borrow()) {
      MemorySegment zeroTerminated = scratch.zeroTerminated(path);
      long start = System.nanoTime();
      int descriptor = Libc.openForReading(zeroTerminated);
      Tally.mine().addSince(Stage.FETCH_NANOS, start);
      if (descriptor < 0) {
        throw openFailed(displayName(path), -descriptor);
      }
      return new FileSource(path, descriptor);
    }
  }

  /** The name as text, for messages: bytes that are no UTF-8 are shown as such. */
  static String displayName(String path) {
    return new String(path.getBytes(ISO_8859_1), UTF_8);
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
  public String descriptorPath() {
    return "/proc/self/fd/" + descriptor;
  }

  @Override
  public String name() {
    return displayName(path);
  }

  /**
   * @throws FitsException of kind NOT_A_FILE if this is a directory, pipe, socket or device
   */
  @Override
  public long size() {
    return size == UNKNOWN ? identity().size() : size;
  }

  /**
   * The open file and its content as it is now.
   *
   * @throws FitsException of kind NOT_A_FILE if this is a directory, pipe, socket or device
   */
  @Override
  public FileIdentity identity() {
    try (Scratch scratch = Scratch.borrow()) {
      MemorySegment struct = scratch.bytes();
      int status = Libc.stat(descriptor, struct);
      if (status < 0) {
        throw openFailed(name(), -status);
      }
      if (!StatView.isRegular(struct)) {
        throw notAFile(StatView.isDirectory(struct) ? Libc.EISDIR : Libc.ESPIPE);
      }
      FileIdentity identity = FileIdentity.of(struct);
      size = identity.size();
      return identity;
    }
  }

  private FitsException notAFile(int errno) {
    String type = errno == Libc.EISDIR ? "a directory" : "a pipe, socket or device";
    return new FitsException(
        ErrorKind.NOT_A_FILE, errno, name() + ": " + type + ", not a regular file");
  }

  @Override
  public boolean reaches(long end) {
    return end <= seen || end <= size();
  }

  @Override
  public long read(long offset, MemorySegment into) {
    return read(offset, into, into.byteSize());
  }

  @Override
  public long read(long offset, MemorySegment into, long least) {
    long got = 0;
    // One call brings everything but for signals and sizes beyond 2 GiB; at the end a second one
    // tells so.
    while (got < least) {
      long more = readOnce(offset + got, into.asSlice(got));
      if (more == 0) {
        foundEnd(offset + got, got);
        break;
      }
      got += more;
    }
    if (size == UNKNOWN && offset + got > seen) {
      seen = offset + got;
    }
    return got;
  }

  /** The file will be read often: runs are copied from a mapping of it from now on. */
  @Override
  public void keep() {
    isKept = true;
  }

  /**
   * From the mapping a run takes a twentieth of the time of a call, once its page was used. What
   * the mapping does not hold, as the file grew, is read.
   */
  @Override
  public long readRuns(long offset, long distance, long runBytes, MemorySegment into) {
    MemorySegment mapped = isKept && runBytes <= MAPPED_RUN_BYTES ? mapping() : null;
    long last = offset + (into.byteSize() / runBytes - 1) * distance;
    if (mapped == null || Math.max(offset, last) + runBytes > mapped.byteSize()) {
      return RawSource.super.readRuns(offset, distance, runBytes, into);
    }
    long start = System.nanoTime();
    try {
      copyRuns(mapped, offset, distance, runBytes, into);
      // Faults of the copies are thrown here. Behind its end a file's last page has zeros.
      if (sizeNow() >= mapped.byteSize()) {
        countFetch(start, into.byteSize());
        return into.byteSize();
      }
    } catch (InternalError fault) {
      // The file is shorter than it was; or the disk fails, and a read will say so.
    }
    return RawSource.super.readRuns(offset, distance, runBytes, into);
  }

  private long sizeNow() {
    try (Scratch scratch = Scratch.borrow()) {
      MemorySegment struct = scratch.bytes();
      return Libc.stat(descriptor, struct) == 0 ? StatView.size(struct) : 0;
    }
  }

  private static void copyRuns(
      MemorySegment mapped, long offset, long distance, long runBytes, MemorySegment into) {
    long from = offset;
    for (long done = 0; done < into.byteSize(); done += runBytes) {
      MemorySegment.copy(mapped, from, into, done, runBytes);
      from += distance;
    }
  }

  /** All of the file; null if it cannot be mapped. */
  private @Nullable MemorySegment mapping() {
    return mapping != null || isUnmappable ? mapping : map();
  }

  private synchronized @Nullable MemorySegment map() {
    if (mapping == null && !isUnmappable) {
      mapping = Libc.map(descriptor, size());
      isUnmappable = mapping == null;
    }
    return mapping;
  }

  private void foundEnd(long end, long bytesBefore) {
    if (size == UNKNOWN && bytesBefore > 0) {
      size = end;
    }
  }

  private long readOnce(long offset, MemorySegment into) {
    long start = System.nanoTime();
    long got = Libc.read(descriptor, into, offset);
    while (got == -Libc.EINTR) {
      got = Libc.read(descriptor, into, offset);
    }
    countFetch(start, got);
    if (got < 0) {
      throw readFailed(offset, (int) -got);
    }
    return got;
  }

  private static void countFetch(long startNanos, long bytes) {
    Tally tally = Tally.mine();
    tally.addSince(Stage.FETCH_NANOS, startNanos);
    tally.add(Stage.FETCHES, 1);
    tally.add(Stage.FETCHED_BYTES, Math.max(0, bytes));
  }

  private FitsException readFailed(long offset, int errno) {
    if (errno == Libc.EISDIR || errno == Libc.ESPIPE) {
      return notAFile(errno);
    }
    return new FitsException(
        ErrorKind.IO,
        errno,
        name() + ": reading at byte " + offset + " failed (errno " + errno + ")");
  }

  @Override
  public void close() {
    MemorySegment mapped = mapping;
    if (mapped != null) {
      Libc.unmap(mapped);
    }
    Libc.close(descriptor);
  }
}
