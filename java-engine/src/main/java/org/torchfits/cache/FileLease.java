package org.torchfits.cache;

import java.lang.foreign.MemorySegment;
import org.torchfits.source.ByteSource;
import org.torchfits.source.FileIdentity;
import org.torchfits.source.FitsSource;

/** A file that several readers share: closing gives it back. */
final class FileLease implements ByteSource {
  private final OpenFiles lender;
  private final CachedFile file;
  private final FitsSource source;

  FileLease(OpenFiles lender, CachedFile file, FitsSource source) {
    this.lender = lender;
    this.file = file;
    this.source = source;
  }

  CachedFile file() {
    return file;
  }

  @Override
  public String name() {
    return source.name();
  }

  @Override
  public long size() {
    return source.size();
  }

  @Override
  public boolean reaches(long end) {
    return source.reaches(end);
  }

  @Override
  public FileIdentity settledIdentity() {
    return file.identity;
  }

  @Override
  public boolean isCompressed() {
    return lender.isCompressed(file);
  }

  @Override
  public long read(long offset, MemorySegment into) {
    return source.read(offset, into);
  }

  @Override
  public long read(long offset, MemorySegment into, long least) {
    return source.read(offset, into, least);
  }

  @Override
  public long readRuns(long offset, long distance, long runBytes, MemorySegment into) {
    return source.readRuns(offset, distance, runBytes, into);
  }

  @Override
  public void close() {
    lender.giveBack(file);
  }
}
