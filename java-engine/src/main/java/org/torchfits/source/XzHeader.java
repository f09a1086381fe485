package org.torchfits.source;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import org.tukaani.xz.LZMA2InputStream;

/**
 * What the first block of an xz file says of the memory that it needs: its dictionary is kept in
 * the Java heap (the .xz file format 1.2.1, sections 2.1.1, 3.1 and 5.3.1).
 */
final class XzHeader {
  /** The dictionary of `xz -9` is 64 MiB. */
  private static final long MAX_HEAP_BYTES = 72L << 20;

  private static final int STREAM_HEADER_BYTES = 12;
  private static final int BLOCK_HEADER_BYTES = 1024;
  private static final int HAS_SIZES = 0xC0;
  private static final int LZMA2 = 0x21;
  private static final int LARGEST_DICTIONARY = 37; // 1.5 GiB, the most that the library has

  private final byte[] bytes;
  private int next = STREAM_HEADER_BYTES + 2;

  private XzHeader(byte[] bytes) {
    this.bytes = bytes;
  }

  /** The most of the heap that a decoder of this file may use; more than it may use is refused. */
  static long heapBytes(ByteSource file) {
    try (Scratch scratch = Scratch.borrow()) {
      MemorySegment first = scratch.bytes().asSlice(0, STREAM_HEADER_BYTES + BLOCK_HEADER_BYTES);
      first.fill((byte) 0);
      file.read(0, first);
      return new XzHeader(first.toArray(JAVA_BYTE)).heapBytes();
    }
  }

  private long heapBytes() {
    int dictionary = LARGEST_DICTIONARY;
    int flags = bytes[STREAM_HEADER_BYTES + 1];
    for (int sizes = flags & HAS_SIZES; sizes != 0; sizes &= sizes - 1) {
      skipNumber();
    }
    // The last filter is LZMA2; up to three of others, which need next to nothing, stand before it.
    for (int filter = 0; filter <= (flags & 3); filter++) {
      int id = skipNumber();
      int propertyBytes = skipNumber();
      if (id == LZMA2) {
        dictionary = Math.min(byteAt(next), LARGEST_DICTIONARY);
      }
      next += propertyBytes;
    }
    long kibibytes = LZMA2InputStream.getMemoryUsage(dictionaryBytes(dictionary)) + 1024L;
    return Math.min(MAX_HEAP_BYTES, kibibytes << 10);
  }

  private static int dictionaryBytes(int code) {
    return (2 | (code & 1)) << (code / 2 + 11);
  }

  /** Passes a number of a variable length; its lowest 7 bits. */
  private int skipNumber() {
    int lowest = byteAt(next) & 0x7F;
    while ((byteAt(next) & 0x80) != 0) {
      next++;
    }
    next++;
    return lowest;
  }

  private int byteAt(int index) {
    return index < bytes.length ? bytes[index] & 0xFF : 0;
  }
}
