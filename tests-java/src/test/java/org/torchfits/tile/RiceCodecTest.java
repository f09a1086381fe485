package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Against cfitsio's encoder and decoder. */
class RiceCodecTest {
  private static final int[] WIDTHS = {1, 2, 4};
  private static final int[] BLOCK_SIZES = {16, 32, 1, 7, 300, 5000};

  static Stream<Arguments> kindsAndWidths() {
    return Pixels.kinds().stream()
        .flatMap(kind ->
            Stream.of(1, 2, 4)
                .flatMap(width ->
                    Stream.of(16, 32, 1, 7).map(block -> Arguments.of(kind, width, block))));
  }

  @ParameterizedTest
  @MethodSource("kindsAndWidths")
  void decode_whatCfitsioEncoded_givesItsValues(Pixels.Kind kind, int width, int blockSize) {
    for (int pixels : new int[] {1, 2, 15, 16, 17, 31, 32, 33, 255, 256, 257, 4096, 4111}) {
      assertGivesValues(kind, width, blockSize, pixels);
    }
  }

  /** cfitsio's encoder loses bits of large blocks with great peaks, so these have none. */
  @Test
  void decode_largeBlocks_givesItsValues() {
    for (int width : WIDTHS) {
      for (int blockSize : new int[] {255, 256, 257, 300, 5000}) {
        assertGivesValues(Pixels.kinds().get(5), width, blockSize, 12_345);
      }
    }
  }

  /** Their bytes are read in several parts. */
  @Test
  void decode_largeTiles_givesItsValues() {
    for (Pixels.Kind kind : Pixels.kinds()) {
      for (int width : WIDTHS) {
        assertGivesValues(kind, width, 32, 60_001);
      }
    }
  }

  @Test
  void decode_codeLongerThanAPart_givesItsValue() {
    int zeros = 100_000;
    int headerBits = 32 + 5;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bits = arena.allocate((headerBits + zeros) / 8 + 1);
      bits.set(JAVA_BYTE, 4, (byte) 0x08);
      int one = headerBits + zeros;
      bits.set(JAVA_BYTE, one / 8, (byte) (0x80 >> one % 8));
      byte[] cfitsio = cfitsio(bits, 4, 32, 1);
      assertEquals(zeros / 2, MemorySegment.ofArray(cfitsio).get(JAVA_INT_UNALIGNED, 0));
      CodecContract.assertDecodes(cfitsio, new RiceCodec(4, 32), bits, 4, 1);
    }
  }

  @Test
  void decode_oneTileAfterAnother_givesTheValuesOfEach() {
    RiceCodec codec = new RiceCodec(2, 32);
    for (int pixels : new int[] {500, 3, 40_000, 500, 1, 2000}) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment values = Pixels.of(Pixels.kinds().get(6), 2, pixels, pixels, arena);
        MemorySegment compressed = CfitsioCodecs.rice(values, 2, 32, arena);
        CodecContract.assertRefuses(codec, compressed, 2, pixels + 64);
        CodecContract.assertDecodes(values.toArray(JAVA_BYTE), codec, compressed, 2, pixels);
      }
    }
  }

  private static void assertGivesValues(Pixels.Kind kind, int width, int blockSize, int pixels) {
    try (Arena arena = Arena.ofConfined()) {
      RiceCodec codec = new RiceCodec(width, blockSize);
      MemorySegment values = Pixels.of(kind, width, pixels, pixels, arena);
      MemorySegment compressed = CfitsioCodecs.rice(values, width, blockSize, arena);
      byte[] cfitsio = cfitsio(compressed, width, blockSize, pixels);
      CodecContract.assertDecodes(cfitsio, codec, compressed, width, pixels);
      CodecContract.assertDecodes(values.toArray(JAVA_BYTE), codec, compressed, width, pixels);
    }
  }

  private static byte[] cfitsio(MemorySegment compressed, int width, int blockSize, int pixels) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate((long) width * pixels, 8);
      CfitsioCodecs.riceBack(compressed, target, width, blockSize);
      return target.toArray(JAVA_BYTE);
    }
  }

  @Test
  void decode_everyCountOfPixels_givesItsValues() {
    Pixels.Kind kind = Pixels.kinds().get(5);
    for (int pixels = 1; pixels < 300; pixels++) {
      for (int width : WIDTHS) {
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment values = Pixels.of(kind, width, pixels, pixels, arena);
          MemorySegment compressed = CfitsioCodecs.rice(values, width, 32, arena);
          CodecContract.assertDecodes(
              values.toArray(JAVA_BYTE), new RiceCodec(width, 32), compressed, width, pixels);
        }
      }
    }
  }

  @Test
  void decode_unusedBytesAtTheEnd_areIgnored() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = Pixels.of(Pixels.kinds().get(5), 2, 100, 1, arena);
      MemorySegment compressed = CfitsioCodecs.rice(values, 2, 32, arena);
      MemorySegment longer = arena.allocate(compressed.byteSize() + 9).fill((byte) -1);
      longer.copyFrom(compressed);
      assertArrayEquals(
          values.toArray(JAVA_BYTE), CodecContract.decode(new RiceCodec(2, 32), longer, 2, 100));
    }
  }

  @Test
  void decode_lastByteMissing_isRefused() {
    for (int width : WIDTHS) {
      for (Pixels.Kind kind : Pixels.kinds()) {
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment values = Pixels.of(kind, width, 1000, 1, arena);
          MemorySegment compressed = CfitsioCodecs.rice(values, width, 32, arena);
          MemorySegment shorter = compressed.asSlice(0, compressed.byteSize() - 1);
          CodecContract.assertRefuses(new RiceCodec(width, 32), shorter, width, 1000);
        }
      }
    }
  }

  @Test
  void decode_zerosWithoutEnd_areRefused() {
    try (Arena arena = Arena.ofConfined()) {
      // A block with one split bit, and then no one.
      MemorySegment zeros = arena.allocate(100_000);
      zeros.set(JAVA_BYTE, 4, (byte) 0x10);
      CodecContract.assertRefuses(new RiceCodec(4, 32), zeros, 4, 1000);
    }
  }

  @Test
  void decode_moreSplitBitsThanUncoded_isRefused() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ones = arena.allocate(1000).fill((byte) -1);
      CodecContract.assertRefuses(new RiceCodec(4, 32), ones, 4, 100);
    }
  }

  @Test
  void decode_mutatedBytes_giveValuesOrAreRefused() {
    for (int width : WIDTHS) {
      for (Pixels.Kind kind : Pixels.kinds()) {
        for (int blockSize : BLOCK_SIZES) {
          try (Arena arena = Arena.ofConfined()) {
            RiceCodec codec = new RiceCodec(width, blockSize);
            MemorySegment values = Pixels.of(kind, width, 500, 1, arena);
            MemorySegment compressed = CfitsioCodecs.rice(values, width, blockSize, arena);
            CodecContract.assertSurvivesTruncation(codec, compressed, width, 500);
            CodecContract.assertSurvivesMutation(
                codec, compressed, width, 500, 60, blockSize + width);
          }
        }
      }
    }
  }

  @Test
  void construct_algorithmsThatAreNone_areRefused() {
    assertThrows(TileFormatException.class, () -> new RiceCodec(2, 0));
    assertThrows(TileFormatException.class, () -> new RiceCodec(2, -32));
    assertThrows(TileFormatException.class, () -> new RiceCodec(2, Integer.MAX_VALUE));
    assertThrows(TileFormatException.class, () -> new RiceCodec(3, 32));
    assertThrows(TileFormatException.class, () -> new RiceCodec(8, 32));
  }
}
