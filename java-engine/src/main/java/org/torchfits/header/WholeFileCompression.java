package org.torchfits.header;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** Tells by which program a whole file was compressed, from its first bytes. */
final class WholeFileCompression {
  private WholeFileCompression() {}

  static @Nullable String of(MemorySegment firstBytes) {
    int magic = firstBytes.get(JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN), 0);
    if (magic == 0x28B52FFD) {
      return "zstd";
    }
    if (magic == 0xFD377A58) {
      return "xz";
    }
    if (magic == 0x504B0304) {
      return "zip";
    }
    return switch (magic >>> 16) {
      case 0x1F8B -> "gzip";
      case 0x1F9D -> "compress";
      case 0x425A -> "bzip2";
      default -> null;
    };
  }
}
