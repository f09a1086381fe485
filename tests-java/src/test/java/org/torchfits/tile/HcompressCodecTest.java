package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import java.util.function.LongUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Against cfitsio's encoder and decoder. */
class HcompressCodecTest {
  /** Rows and columns: all parities, narrow ones, and more columns than are worked on at once. */
  private static final int[][] SHAPES = {
    {4, 4}, {5, 4}, {4, 5}, {7, 9}, {16, 16}, {17, 31}, {16, 1030}, {1025, 5}, {64, 100}, {33, 2051}
  };

  static Stream<Arguments> kindsAndScales() {
    return images()
        .flatMap(kind -> Stream.of(0, 1, 2, 7, 500).map(scale -> Arguments.of(kind, scale)));
  }

  /** Kinds of whose transform 64 bits hold everything. */
  private static Stream<Pixels.Kind> images() {
    return Stream.concat(
        Pixels.kinds().stream()
            .filter(kind -> !List.of("any bits", "extremes").contains(kind.name())),
        Stream.of(new Pixels.Kind("waves", HcompressCodecTest::waves)));
  }

  private static LongUnaryOperator waves(Random random) {
    return i -> Math.round(1000 + 800 * Math.sin(i % 100 / 15.0) + 3 * random.nextGaussian());
  }

  @ParameterizedTest
  @MethodSource("kindsAndScales")
  void decode_whatCfitsioEncoded_givesItsValues(Pixels.Kind kind, int scale) {
    for (int[] shape : SHAPES) {
      for (boolean smooth : new boolean[] {false, true}) {
        assertGivesCfitsioValues(kind, scale, shape[0], shape[1], smooth);
      }
    }
  }

  private static void assertGivesCfitsioValues(
      Pixels.Kind kind, int scale, int rows, int columns, boolean smooth) {
    int pixels = rows * columns;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = Pixels.of(intValues(kind), 8, pixels, pixels, arena);
      byte[] original = ints(values, pixels);
      MemorySegment compressed = CfitsioCodecs.hcompress(values, 8, columns, rows, scale, arena);
      MemorySegment back = arena.allocate(8L * pixels, 8);
      CfitsioCodecs.hcompressBack(padded(compressed, arena), smooth, back, 8);
      byte[] expected = back.asSlice(0, 4L * pixels).toArray(JAVA_BYTE);
      HcompressCodec codec = new HcompressCodec(smooth);
      CodecContract.assertDecodes(expected, codec, compressed, 4, pixels);
      if (scale <= 1) {
        assertArrayEquals(original, expected);
      }
    }
  }

  /** cfitsio reads a little beyond the end. */
  private static MemorySegment padded(MemorySegment compressed, Arena arena) {
    return arena.allocate(compressed.byteSize() + 64).copyFrom(compressed);
  }

  private static Pixels.Kind intValues(Pixels.Kind kind) {
    return new Pixels.Kind(
        kind.name(),
        random -> {
          LongUnaryOperator values = kind.source().from(random);
          return i -> (int) values.applyAsLong(i);
        });
  }

  private static byte[] ints(MemorySegment longs, int pixels) {
    ByteBuffer ints = ByteBuffer.allocate(4 * pixels).order(ByteOrder.nativeOrder());
    for (int i = 0; i < pixels; i++) {
      ints.putInt((int) longs.getAtIndex(JAVA_LONG, i));
    }
    return ints.array();
  }

  @Test
  void decode_everySmallShape_givesItsValues() {
    Pixels.Kind kind = Pixels.kinds().get(5);
    for (int rows = 2; rows < 20; rows++) {
      for (int columns = 2; columns < 20; columns++) {
        assertGivesCfitsioValues(kind, 0, rows, columns, false);
        assertGivesCfitsioValues(kind, 30, rows, columns, true);
      }
    }
  }

  /** What cfitsio's 32 bits give for images of 16 bits. */
  @Test
  void decode_imagesOf16Bits_areAsWith32Bits() {
    for (int scale : new int[] {0, 4}) {
      for (int[] shape : SHAPES) {
        int pixels = shape[0] * shape[1];
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment values = Pixels.of(Pixels.kinds().get(6), 4, pixels, 1, arena);
          MemorySegment compressed =
              CfitsioCodecs.hcompress(values, 4, shape[1], shape[0], scale, arena);
          MemorySegment back = arena.allocate(4L * pixels, 8);
          CfitsioCodecs.hcompressBack(padded(compressed, arena), true, back, 4);
          CodecContract.assertDecodes(
              back.toArray(JAVA_BYTE), new HcompressCodec(true), compressed, 4, pixels);
        }
      }
    }
  }

  @Test
  void decode_onePixel_isTheSum() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment one = stream(arena, 1, 1, 0, 12345, 0, 0, 0);
      byte[] pixel = CodecContract.decode(new HcompressCodec(false), one, 4, 1);
      assertArrayEquals(
          new int[] {12345}, MemorySegment.ofArray(pixel).toArray(JAVA_INT.withByteAlignment(1)));
    }
  }

  /** A header, and zeros behind it. */
  private static MemorySegment stream(
      Arena arena, int rows, int columns, int scale, long sum, int... planes) {
    ByteBuffer bytes = ByteBuffer.allocate(40);
    bytes.putShort((short) 0xDD99).putInt(rows).putInt(columns).putInt(scale).putLong(sum);
    for (int count : planes) {
      bytes.put((byte) count);
    }
    return arena.allocate(40, 1).copyFrom(MemorySegment.ofArray(bytes.array()));
  }

  @Test
  void decode_headersThatLie_areRefused() {
    HcompressCodec codec = new HcompressCodec(false);
    try (Arena arena = Arena.ofConfined()) {
      CodecContract.assertRefuses(codec, stream(arena, 4, 5, 0, 0, 0, 0, 0), 4, 16);
      CodecContract.assertRefuses(codec, stream(arena, -4, -4, 0, 0, 0, 0, 0), 4, 16);
      CodecContract.assertRefuses(codec, stream(arena, 0, 0, 0, 0, 0, 0, 0), 4, 16);
      CodecContract.assertRefuses(codec, stream(arena, 1 << 16, 1 << 16, 0, 0, 0, 0, 0), 4, 16);
      CodecContract.assertRefuses(codec, stream(arena, 4, 4, 0, 0, 63, 0, 0), 4, 16);
      CodecContract.assertRefuses(codec, stream(arena, 4, 4, 0, 0, 0, 255, 0), 4, 16);
      CodecContract.assertRefuses(codec, arena.allocate(100), 4, 16);
      CodecContract.assertRefuses(codec, arena.allocate(0), 4, 16);
      MemorySegment right = stream(arena, 4, 4, 0, 0, 0, 0, 0);
      CodecContract.assertRefuses(codec, right.asSlice(0, 24), 4, 16);
      CodecContract.decode(codec, right, 4, 16);
    }
  }

  /** Images of one row or column have quadrants without pixels. */
  @Test
  void decode_oneRowOrColumn_survives() {
    for (int[] shape : new int[][] {{1, 100}, {100, 1}, {1, 2}, {2, 1}, {1, 1}, {1, 3}}) {
      try (Arena arena = Arena.ofConfined()) {
        int pixels = shape[0] * shape[1];
        MemorySegment bytes = arena.allocate(400, 1);
        bytes.copyFrom(stream(arena, shape[0], shape[1], 0, 99, 7, 20, 3));
        CodecContract.assertSurvivesMutation(new HcompressCodec(true), bytes, 4, pixels, 500, 1);
        bytes.asSlice(25).fill((byte) -1);
        CodecContract.assertSurvivesMutation(new HcompressCodec(true), bytes, 4, pixels, 500, 1);
      }
    }
  }

  @Test
  void decode_mutatedBytes_giveValuesOrAreRefused() {
    int[][] shapes = {{16, 16}, {9, 31}, {4, 600}};
    images()
        .forEach(kind -> {
          for (int[] shape : shapes) {
            assertSurvives(kind, shape[0], shape[1]);
          }
        });
  }

  private static void assertSurvives(Pixels.Kind kind, int rows, int columns) {
    int pixels = rows * columns;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = Pixels.of(intValues(kind), 8, pixels, 1, arena);
      MemorySegment compressed = CfitsioCodecs.hcompress(values, 8, columns, rows, 2, arena);
      HcompressCodec codec = new HcompressCodec(pixels % 2 == 0);
      CodecContract.assertSurvivesTruncation(codec, compressed, 4, pixels);
      CodecContract.assertSurvivesMutation(codec, compressed, 4, pixels, 400, pixels);
    }
  }
}
