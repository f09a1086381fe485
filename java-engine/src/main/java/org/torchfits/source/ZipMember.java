package org.torchfits.source;

import java.io.IOException;

/**
 * A file in a zip archive, as the archive's directory describes it.
 *
 * @param method 0 if it is stored, 8 if it is deflated
 * @param encrypted whether a password is needed
 * @param checksum CRC-32 of the content
 * @param compressedBytes in the archive
 * @param bytes of the content
 * @param headerOffset of the local header in the archive
 */
record ZipMember(
    String name,
    int method,
    boolean encrypted,
    long checksum,
    long compressedBytes,
    long bytes,
    long headerOffset) {
  private static final long LOCAL_HEADER = 0x04034B50;
  private static final int LENGTHS_OFFSET = 26;

  boolean isFolder() {
    return name.endsWith("/");
  }

  /** The compressed bytes of this member. */
  CompressedInput input(ByteSource archive) throws IOException {
    long lengths = headerOffset + LENGTHS_OFFSET;
    try (CompressedInput header = new CompressedInput(archive, headerOffset, lengths + 4)) {
      if (header.requireNumber(4) != LOCAL_HEADER) {
        throw new IOException(name + " is not where the zip directory says");
      }
      header.requireNumber(8);
      header.requireNumber(8);
      header.requireNumber(6);
      long start = lengths + 4 + header.requireNumber(2) + header.requireNumber(2);
      return new CompressedInput(archive, start, Math.addExact(start, compressedBytes));
    }
  }
}
