package org.torchfits.source;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The FITS file that stored bytes are or, compressed as a whole, hold: what everything above opens.
 *
 * <p>Which of the two it is, the first bytes tell, and they come with the first read of a header: a
 * plain file costs no further call.
 */
public final class FitsSource implements ByteSource {
  private final RawSource raw;
  private final long openedNanos = FileIdentity.nowNanos();
  private volatile @Nullable ByteSource content;
  private volatile @Nullable FileIdentity settled;

  private FitsSource(RawSource raw) {
    this.raw = raw;
  }

  /**
   * Opens a local file, or what else has a name.
   *
   * @param path as for {@link FileSource#open}, or one of {@link SourceNames}
   */
  public static FitsSource open(String path) {
    return new FitsSource(SourceNames.open(path));
  }

  @Override
  public String name() {
    return raw.name();
  }

  @Override
  public long size() {
    return content().size();
  }

  @Override
  public boolean reaches(long end) {
    return content().reaches(end);
  }

  /** The file, if it did not change since it was opened, nor shortly before. */
  @Override
  public @Nullable FileIdentity settledIdentity() {
    FileIdentity known = settled == null ? raw.settledIdentity() : settled;
    if (known == null) {
      FileIdentity now = identity();
      known = now.isSettledAt(openedNanos) ? now : null;
    }
    settled = known;
    return known;
  }

  /** The open file and its content as it is now, compressed if it is. */
  @Override
  public FileIdentity identity() {
    // Who decodes the file has taken it over.
    return content instanceof DecodedSource decoded ? decoded.identity() : raw.identity();
  }

  /** Whether a read found that the file is compressed. */
  @Override
  public boolean isCompressed() {
    return content instanceof DecodedSource;
  }

  @Override
  public long read(long offset, MemorySegment into) {
    return read(offset, into, into.byteSize());
  }

  @Override
  public long read(long offset, MemorySegment into, long least) {
    ByteSource known = content;
    if (known != null) {
      return known.read(offset, into, least);
    }
    if (offset != 0 || into.byteSize() < Compression.MAGIC_BYTES) {
      return content().read(offset, into, least);
    }
    long count = readFirst(into, least);
    return count < 0 ? content().read(0, into, least) : count;
  }

  /**
   * The first bytes of a file that is not compressed, -1 of one that is. Under the lock: whoever
   * decodes the file closes it.
   */
  private synchronized long readFirst(MemorySegment into, long least) {
    if (content != null) {
      return -1;
    }
    long count = raw.read(0, into, Math.max(least, Compression.MAGIC_BYTES));
    contentOf(into.asSlice(0, count));
    return isCompressed() ? -1 : count;
  }

  /** The file will be read often. */
  public void keep() {
    raw.keep();
  }

  @Override
  public long readRuns(long offset, long distance, long runBytes, MemorySegment into) {
    return content().readRuns(offset, distance, runBytes, into);
  }

  /**
   * A name of a file with the content, which holds until {@link #close()}, for interfaces that take
   * text.
   */
  public String descriptorPath() {
    if (content() instanceof DecodedSource decoded) {
      return decoded.descriptorPath();
    }
    String path = raw.descriptorPath();
    return path == null ? decoded(Compression.NONE).descriptorPath() : path;
  }

  private ByteSource content() {
    ByteSource known = content;
    return known != null ? known : found();
  }

  private synchronized ByteSource found() {
    ByteSource known = content;
    if (known != null) {
      return known;
    }
    try (Scratch scratch = Scratch.borrow()) {
      MemorySegment first = scratch.bytes().asSlice(0, Compression.MAGIC_BYTES);
      return contentOf(first.asSlice(0, raw.read(0, first)));
    }
  }

  private ByteSource contentOf(MemorySegment first) {
    Compression compression =
        first.byteSize() < Compression.MAGIC_BYTES ? null : Compression.of(first);
    if (compression == null) {
      content = raw;
      return raw;
    }
    return decoded(compression);
  }

  private synchronized DecodedSource decoded(Compression compression) {
    if (content instanceof DecodedSource known) {
      return known;
    }
    DecodedSource opened = DecodedSource.open(raw, compression);
    content = opened;
    return opened;
  }

  @Override
  public void close() {
    ByteSource opened = content;
    (opened == null ? raw : opened).close();
  }
}
