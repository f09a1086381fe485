package org.torchfits.source;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** By which program a whole file was compressed: told by its first bytes, never by its name. */
enum Compression {
  /** None: what is decoded is a copy, for those who need a file. */
  NONE("copying", 0),
  GZIP("gzip", 0),
  ZIP("zip", 0),
  COMPRESS("compress", 1),
  BZIP2("bzip2", 8),
  XZ("xz", 0),
  ZSTD("zstd", 24);

  /** How many bytes {@link #of} looks at. */
  static final int MAGIC_BYTES = 8;

  private static final ValueLayout.OfLong BIG_ENDIAN_LONG =
      JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final int MIB = 1 << 20;

  private final String program;
  private final int heapMebibytes;

  Compression(String program, int heapMebibytes) {
    this.program = program;
    this.heapMebibytes = heapMebibytes;
  }

  /**
   * Of a file that begins with these bytes; null if it is not compressed.
   *
   * @param first at least {@link #MAGIC_BYTES}
   */
  static @Nullable Compression of(MemorySegment first) {
    long magic = first.get(BIG_ENDIAN_LONG, 0);
    if (magic >>> 16 == 0xFD377A585A00L) {
      return XZ;
    }
    return switch ((int) (magic >>> 32)) {
      case 0x28B52FFD -> ZSTD;
      case 0x504B0304, 0x504B0506 -> ZIP;
      default -> ofThreeBytes((int) (magic >>> 40));
    };
  }

  private static @Nullable Compression ofThreeBytes(int magic) {
    if (magic == 0x1F8B08) {
      return GZIP;
    }
    if (magic == 0x425A68) {
      return BZIP2;
    }
    return magic >>> 8 == 0x1F9D ? COMPRESS : null;
  }

  /**
   * Begins to decode a file.
   *
   * @param compressed is not closed by the decoder
   * @param heapBytes as {@link #heapBytes} has it
   * @throws IOException if the bytes are not what their beginning says
   */
  Decoder decoder(ByteSource compressed, long heapBytes) throws IOException {
    return switch (this) {
      case NONE -> new CopyDecoder(compressed);
      case GZIP -> new GzipDecoder(new CompressedInput(compressed));
      case ZIP -> ZipDecoder.ofFitsMember(compressed);
      default -> new StreamDecoder(this, new CompressedInput(compressed), heapBytes);
    };
  }

  /** The most that a decoder of this file takes of the Java heap. */
  long heapBytes(ByteSource compressed) {
    return this == XZ ? XzHeader.heapBytes(compressed) : (long) heapMebibytes * MIB;
  }

  /** Name of the program. */
  @Override
  public String toString() {
    return program;
  }
}
