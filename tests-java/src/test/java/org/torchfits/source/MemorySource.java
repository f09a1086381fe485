package org.torchfits.source;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.TreeMap;

/** A source without a file: parts of it hold bytes, all the rest is zero and takes no memory. */
public final class MemorySource implements ByteSource {
  private final TreeMap<Long, byte[]> parts = new TreeMap<>();
  private final long size;
  private int closings;
  private int reads;

  private MemorySource(long size) {
    this.size = size;
  }

  /** A source of these bytes. */
  public static MemorySource of(byte[] bytes) {
    return sparse(bytes.length).put(0, bytes);
  }

  /** A source of zeros. */
  public static MemorySource sparse(long size) {
    return new MemorySource(size);
  }

  /** Replaces bytes; parts must not overlap. */
  public MemorySource put(long offset, byte[] bytes) {
    parts.put(offset, bytes);
    return this;
  }

  /** How often it was read. */
  public int reads() {
    return reads;
  }

  /** How often it was closed. */
  public int closings() {
    return closings;
  }

  @Override
  public String name() {
    return "memory.fits";
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public long read(long offset, MemorySegment into) {
    reads++;
    long count = Math.clamp(size - offset, 0, into.byteSize());
    into.asSlice(0, count).fill((byte) 0);
    parts.forEach((start, bytes) -> copyOverlap(start, bytes, offset, into.asSlice(0, count)));
    return count;
  }

  private static void copyOverlap(long start, byte[] bytes, long offset, MemorySegment into) {
    long from = Math.max(start, offset);
    long to = Math.min(start + bytes.length, offset + into.byteSize());
    if (from < to) {
      MemorySegment.copy(
          bytes, (int) (from - start), into, JAVA_BYTE, from - offset, (int) (to - from));
    }
  }

  @Override
  public void close() {
    closings++;
  }
}
