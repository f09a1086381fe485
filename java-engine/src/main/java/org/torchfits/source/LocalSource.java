package org.torchfits.source;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The FITS file that a local file is or, compressed as a whole, holds: what everything above opens.
 *
 * <p>Which of the two it is, the first bytes tell, and they come with the first read of a header: a
 * plain file costs no further call.
 */
public final class LocalSource implements ByteSource {
  private final FileSource file;
  private volatile @Nullable ByteSource content;

  private LocalSource(FileSource file) {
    this.file = file;
  }

  /**
   * Opens a file.
   *
   * @param path as for {@link FileSource#open}
   */
  public static LocalSource open(String path) {
    return new LocalSource(FileSource.open(path));
  }

  @Override
  public String name() {
    return file.name();
  }

  @Override
  public long size() {
    return content().size();
  }

  @Override
  public boolean reaches(long end) {
    return content().reaches(end);
  }

  /** The open file and its content as it is now, compressed if it is. */
  @Override
  public FileIdentity identity() {
    // Who decodes the file has taken it over.
    return content instanceof DecodedSource decoded ? decoded.identity() : file.identity();
  }

  /** Whether a read found that the file is compressed. */
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
    long count = file.read(0, into, Math.max(least, Compression.MAGIC_BYTES));
    ByteSource found = contentOf(into.asSlice(0, count));
    return found == file ? count : found.read(0, into, least);
  }

  /** The file will be read often. */
  public void keep() {
    file.keep();
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
    return content() instanceof DecodedSource decoded
        ? decoded.descriptorPath()
        : file.descriptorPath();
  }

  private ByteSource content() {
    ByteSource known = content;
    if (known != null) {
      return known;
    }
    try (Scratch scratch = Scratch.borrow()) {
      MemorySegment first = scratch.bytes().asSlice(0, Compression.MAGIC_BYTES);
      return contentOf(first.asSlice(0, file.read(0, first)));
    }
  }

  private ByteSource contentOf(MemorySegment first) {
    Compression compression =
        first.byteSize() < Compression.MAGIC_BYTES ? null : Compression.of(first);
    if (compression == null) {
      content = file;
      return file;
    }
    return decoded(compression);
  }

  private synchronized ByteSource decoded(Compression compression) {
    ByteSource known = content;
    if (known == null) {
      known = DecodedSource.open(file, compression);
      content = known;
    }
    return known;
  }

  @Override
  public void close() {
    ByteSource opened = content;
    (opened == null ? file : opened).close();
  }
}
