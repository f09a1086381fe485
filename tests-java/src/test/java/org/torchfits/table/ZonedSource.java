package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.torchfits.source.ByteSource;
import org.torchfits.source.FileIdentity;
import org.torchfits.source.MemorySource;

/** Bytes in memory that have the identity of a file, or none, and count what is read of them. */
final class ZonedSource implements ByteSource {
  private final MemorySource bytes;
  private final @Nullable FileIdentity identity;
  private final AtomicLong bytesRead = new AtomicLong();

  ZonedSource(byte[] bytes, @Nullable FileIdentity identity) {
    this.bytes = MemorySource.of(bytes);
    this.identity = identity;
  }

  long bytesRead() {
    return bytesRead.get();
  }

  @Override
  public String name() {
    return "zoned.fits";
  }

  @Override
  public long size() {
    return bytes.size();
  }

  @Override
  public @Nullable FileIdentity settledIdentity() {
    return identity;
  }

  @Override
  public synchronized long read(long offset, MemorySegment into) {
    long count = bytes.read(offset, into);
    bytesRead.addAndGet(count);
    return count;
  }

  @Override
  public void close() {}
}
