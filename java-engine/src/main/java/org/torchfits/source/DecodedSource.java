package org.torchfits.source;

import java.lang.foreign.MemorySegment;
import java.util.function.LongFunction;
import org.torchfits.work.Unfinished;

/**
 * The content of a compressed file, decoded as far as it is asked for and shared with all who read
 * the same file. After some milliseconds of decoding a method throws {@link Unfinished}: what was
 * decoded stays, and the next call goes on.
 */
final class DecodedSource implements ByteSource {
  private static final long SLICE_NANOS = 40_000_000;
  private static final long NOT_BEGUN = Long.MIN_VALUE;

  private final DecodedFiles.Entry entry;
  private final DecodedFile file;
  private volatile long sliceEnd = NOT_BEGUN;
  private volatile boolean comesBack;

  private DecodedSource(DecodedFiles.Entry entry) {
    this.entry = entry;
    this.file = entry.file();
  }

  /**
   * Opens the content of a compressed file.
   *
   * @param compressed is taken over, unless this fails
   */
  static DecodedSource open(FileSource compressed, Compression compression) {
    return new DecodedSource(DecodedFiles.SHARED.lease(compressed, compression));
  }

  /** Of the compressed file. */
  @Override
  public FileIdentity identity() {
    return entry.identity();
  }

  @Override
  public String name() {
    return file.name();
  }

  @Override
  public long size() {
    return inSlices(file::size);
  }

  @Override
  public boolean reaches(long end) {
    return inSlices(deadline -> file.reaches(end, deadline));
  }

  @Override
  public long read(long offset, MemorySegment into) {
    return inSlices(deadline -> file.read(offset, into, deadline));
  }

  /** A name of a file with the content, which holds until {@link #close()}. */
  String descriptorPath() {
    return inSlices(file::descriptorPath);
  }

  /** All that is decoded for one holder counts, until the caller was sent away once. */
  private <T> T inSlices(LongFunction<T> work) {
    if (sliceEnd == NOT_BEGUN) {
      sliceEnd = System.nanoTime() + SLICE_NANOS;
    }
    try {
      T result = work.apply(sliceEnd);
      comesBack = false;
      return result;
    } catch (Unfinished unfinished) {
      sliceEnd = NOT_BEGUN;
      comesBack = true;
      throw unfinished;
    }
  }

  @Override
  public void close() {
    DecodedFiles.SHARED.release(entry, comesBack);
  }
}
