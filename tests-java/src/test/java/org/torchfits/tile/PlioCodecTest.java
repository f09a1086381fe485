package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Against cfitsio's encoder and decoder. */
class PlioCodecTest {
  private static final PlioCodec CODEC = new PlioCodec();

  /** PLIO holds 0 to 2^24 - 1. */
  static List<Pixels.Kind> masks() {
    return List.of(
        new Pixels.Kind("zero", random -> i -> 0),
        new Pixels.Kind("one", random -> i -> 1),
        new Pixels.Kind("long runs", random -> i -> i / 5000 % 3),
        new Pixels.Kind("short runs", random -> i -> i / 3 % 2 * 5),
        new Pixels.Kind("single pixels", random -> i -> i % 17 == 0 ? 1 : 0),
        new Pixels.Kind("flags", random -> i -> 1L << random.nextInt(12)),
        new Pixels.Kind("small steps", random -> i -> 100_000 + random.nextInt(100)),
        new Pixels.Kind("any", random -> i -> random.nextInt(1 << 24)),
        new Pixels.Kind("runs of any", PlioCodecTest::runs),
        new Pixels.Kind("largest", random -> i -> (1 << 24) - 1));
  }

  private static LongUnaryOperator runs(Random random) {
    long[] value = {0};
    return i -> {
      if (random.nextInt(10) == 0) {
        value[0] = random.nextBoolean() ? 0 : random.nextInt(1 << 24);
      }
      return value[0];
    };
  }

  @ParameterizedTest
  @MethodSource("masks")
  void decode_whatCfitsioEncoded_givesItsValues(Pixels.Kind kind) {
    for (int pixels : new int[] {1, 2, 3, 100, 4095, 4096, 4097, 100_000}) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment values = Pixels.of(kind, 4, pixels, pixels, arena);
        MemorySegment list = CfitsioCodecs.plio(values, arena);
        MemorySegment back = arena.allocate(4L * pixels, 8);
        CfitsioCodecs.plioBack(list, back);
        CodecContract.assertDecodes(back.toArray(JAVA_BYTE), CODEC, list, 4, pixels);
        CodecContract.assertDecodes(values.toArray(JAVA_BYTE), CODEC, list, 4, pixels);
      }
    }
  }

  @Test
  void decode_headerOfThreeWords_isTheOldForm() {
    try (Arena arena = Arena.ofConfined()) {
      // A run of three that ends with the value at first, 1; one pixel of 3 more; no more words.
      MemorySegment list = words(arena, 0, 0, 5, 0x5003, 0x6003);
      byte[] values = CodecContract.decode(CODEC, list, 4, 5);
      assertArrayEquals(
          new int[] {0, 0, 1, 4, 0},
          MemorySegment.ofArray(values).toArray(JAVA_INT.withByteAlignment(1)));
    }
  }

  @Test
  void decode_runsBeyondTheTile_areCut() {
    try (Arena arena = Arena.ofConfined()) {
      // The value would be the run's last pixel, which is beyond.
      MemorySegment list = words(arena, 0, 0, 4, 0x5FFF);
      byte[] values = CodecContract.decode(CODEC, list, 4, 5);
      assertArrayEquals(new byte[20], values);
    }
  }

  private static MemorySegment words(Arena arena, int... words) {
    MemorySegment list = arena.allocate(2L * words.length, 2);
    for (int i = 0; i < words.length; i++) {
      list.set(JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN), 2L * i, (short) words[i]);
    }
    return list;
  }

  @Test
  void decode_listsThatLie_areRefused() {
    try (Arena arena = Arena.ofConfined()) {
      CodecContract.assertRefuses(CODEC, words(arena), 4, 5);
      CodecContract.assertRefuses(CODEC, words(arena, 0, 7), 4, 5);
      CodecContract.assertRefuses(CODEC, words(arena, 0, 7, -100, 0, 0), 4, 5);
      // The length is beyond the data, before the first instruction, negative.
      CodecContract.assertRefuses(CODEC, words(arena, 0, 7, -100, 9, 0, 0, 0, 0x4005), 4, 5);
      CodecContract.assertRefuses(CODEC, words(arena, 0, 7, -100, 5, 0, 0, 0, 0x4005), 4, 5);
      CodecContract.assertRefuses(CODEC, words(arena, 0, 7, -100, 8, -1, 0, 0, 0x4005), 4, 5);
      // The first instruction is before the list.
      CodecContract.assertRefuses(CODEC, words(arena, 0, -7, -100, 8, 0, 0, 0, 0x4005), 4, 5);
      // An instruction of two words has one; a word that is no instruction.
      CodecContract.assertRefuses(CODEC, words(arena, 0, 7, -100, 8, 0, 0, 0, 0x1005), 4, 5);
      CodecContract.assertRefuses(CODEC, words(arena, 0, 7, -100, 8, 0, 0, 0, 0x8005), 4, 5);
    }
  }

  @Test
  void decode_mutatedBytes_giveValuesOrAreRefused() {
    for (Pixels.Kind kind : masks()) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment list = CfitsioCodecs.plio(Pixels.of(kind, 4, 700, 1, arena), arena);
        CodecContract.assertSurvivesTruncation(CODEC, list, 4, 700);
        CodecContract.assertSurvivesMutation(CODEC, list, 4, 700, 2000, 1);
      }
    }
  }
}
