package org.torchfits.source;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Bytes in the memory of this process that belong to somebody else, who keeps them where they are
 * as long as a call lasts in which they are named. Nothing reads them between calls.
 */
final class BorrowedBytes implements RawSource {
  private final String name;
  private final MemorySegment bytes;
  private final FileIdentity identity;
  private final Transfers transfers;

  BorrowedBytes(String name, MemorySegment bytes, FileIdentity identity, Transfers transfers) {
    this.name = name;
    this.bytes = bytes;
    this.identity = identity;
    this.transfers = transfers;
  }

  /**
   * Bytes that a name tells.
   *
   * @param rest {@code number,constant,address,size,transfers:label}: a number that no other bytes
   *     of this process have or had; 1 if they never change; where they are; the address of {@link
   *     Transfers}; how messages call them
   */
  static RawSource open(String rest) {
    int colon = rest.indexOf(':');
    String[] numbers = rest.substring(0, colon).split(",", -1);
    long address = Long.parseLong(numbers[2]);
    long size = Long.parseLong(numbers[3]);
    return new BorrowedBytes(
        rest.substring(colon + 1),
        MemorySegment.ofAddress(address).reinterpret(size),
        FileIdentity.ofMemory(Long.parseLong(numbers[0]), address, size, "1".equals(numbers[1])),
        Transfers.at(Long.parseLong(numbers[4])));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long size() {
    return bytes.byteSize();
  }

  @Override
  public FileIdentity identity() {
    return identity;
  }

  @Override
  public @Nullable FileIdentity settledIdentity() {
    return identity.isSettled() ? identity : null;
  }

  @Override
  public long read(long offset, MemorySegment into) {
    long count = Math.clamp(bytes.byteSize() - offset, 0, into.byteSize());
    MemorySegment.copy(bytes, Math.min(offset, bytes.byteSize()), into, 0, count);
    transfers.add(count);
    return count;
  }

  /** The memory is its owner's. */
  @Override
  public void close() {}
}
