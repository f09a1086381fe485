package org.torchfits.source;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The one way in which the engine gets bytes. Whoever implements it may hold a file or a cache of
 * what it decoded; nothing above it may assume which.
 *
 * <p>Safe for reads by several threads at once. After {@link #close()} no method may be called.
 */
public interface ByteSource extends AutoCloseable {
  /** How error messages call this source: the path, for a file. */
  String name();

  /**
   * Number of bytes, as found when the source was opened. May take as long as to read all of them:
   * {@link #reaches} is the question that is answered soon.
   */
  long size();

  /** Whether there are at least {@code end} bytes. */
  default boolean reaches(long end) {
    return end <= size();
  }

  /**
   * What tells these bytes from all others, if they cannot change without its changing too; null if
   * there is no such thing. Under it may be kept what was learnt from them.
   */
  default @Nullable FileIdentity settledIdentity() {
    return null;
  }

  /**
   * What tells these bytes from those of other files and other times, as far as it can be told;
   * null if there is no such thing. Nothing that is learnt from the bytes may be kept under it.
   */
  default @Nullable FileIdentity identity() {
    return settledIdentity();
  }

  /** Whether the bytes are known to be decoded from others, which takes time. */
  default boolean isCompressed() {
    return false;
  }

  /**
   * Reads from {@code offset} on until {@code into} is full or the source ends.
   *
   * @param offset in bytes from 0
   * @param into native memory
   * @return bytes read; fewer than {@code into} holds only at the end of the source, 0 beyond it
   * @throws org.torchfits.error.FitsException of kind IO, TRUNCATED or BAD_DATA if the bytes cannot
   *     be had
   * @throws org.torchfits.work.Unfinished by this method and those above, if it would take too long
   *     now and the caller must come back
   */
  long read(long offset, MemorySegment into);

  /**
   * Reads at least so many bytes, if the source has them, and more if they come with them.
   *
   * @param least from 1 to what {@code into} holds
   * @return bytes read; fewer than {@code least} only at the end of the source
   * @see #read(long, MemorySegment) for the rest
   */
  default long read(long offset, MemorySegment into, long least) {
    return read(offset, into);
  }

  /**
   * Reads runs of bytes that stand at equal distances, one behind the other.
   *
   * @param offset of the first run
   * @param distance from one run to the next, perhaps negative
   * @param runBytes of each
   * @param into takes whole runs
   * @return bytes read; fewer than {@code into} holds only if the source ends
   * @see #read(long, MemorySegment) for the rest
   */
  default long readRuns(long offset, long distance, long runBytes, MemorySegment into) {
    long done = 0;
    for (long from = offset; done < into.byteSize(); from += distance) {
      long got = read(from, into.asSlice(done, runBytes));
      done += got;
      if (got < runBytes) {
        return done;
      }
    }
    return done;
  }

  @Override
  void close();
}
