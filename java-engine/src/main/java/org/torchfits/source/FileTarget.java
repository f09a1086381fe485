package org.torchfits.source;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.Libc;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/**
 * A file of the caller that is being written. Writes to different places need no order.
 *
 * @param descriptor open for writing; stays the caller's
 * @param name of the file, for messages
 */
public record FileTarget(int descriptor, String name) {

  /**
   * A file by its name on disk.
   *
   * @param path the bytes of the name, one in each char
   */
  public static FileTarget of(int descriptor, String path) {
    return new FileTarget(descriptor, FileSource.displayName(path));
  }

  /**
   * Writes all of {@code bytes} at a place of the file.
   *
   * @throws FitsException of kind WRITE
   */
  public void write(long offset, MemorySegment bytes) {
    int errno = write(descriptor, offset, bytes);
    if (errno != 0) {
      String reason = isFull(errno) ? "no space is left" : "writing failed";
      throw new FitsException(
          ErrorKind.WRITE,
          errno,
          name + ": " + reason + " at byte " + offset + " (errno " + errno + ")");
    }
  }

  /** Writes all of {@code bytes}; 0, or the {@code errno} that came in the way. */
  static int write(int descriptor, long offset, MemorySegment bytes) {
    for (long done = 0; done < bytes.byteSize(); ) {
      long more = Libc.write(descriptor, bytes.asSlice(done), offset + done);
      if (more < 0 && more != -Libc.EINTR) {
        return (int) -more;
      }
      done += Math.max(0, more);
    }
    return 0;
  }

  /** Whether the disk, or the user's share of it, is full. */
  static boolean isFull(int errno) {
    return errno == Libc.ENOSPC || errno == Libc.EDQUOT;
  }
}
