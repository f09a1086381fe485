package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.torchfits.header.FitsBytes.card;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.torchfits.cfitsio.FitsFile;
import org.torchfits.cfitsio.PixelFormat;
import org.torchfits.cfitsio.PixelType;
import org.torchfits.header.FitsBytes;

/** Against cfitsio, which reads files of integers that the test chose. */
class DequantizerTest {
  private static final int TILES = 5;

  /** Index of the card among those of a table. */
  private static final int TFIELDS = 7;

  private static final TileScaling[] SCALINGS = {
    new TileScaling(1, 0, false, 0),
    new TileScaling(0.0123456789, -7.5, false, 0),
    new TileScaling(3e-7, 1e9, true, 5),
    new TileScaling(1e30, 0.1, true, 100),
    new TileScaling(-2.5, 1, true, 0)
  };

  @TempDir Path folder;

  static Stream<Arguments> files() {
    return Stream.of(Dither.values())
        .flatMap(dither ->
            Stream.of(1, 2, 4)
                .flatMap(width ->
                    Stream.of(1, 9_999, 30_000)
                        .map(pixels -> Arguments.of(dither, width, pixels))));
  }

  @ParameterizedTest
  @MethodSource("files")
  void toFloats_eachMethodAndWidth_giveWhatCfitsioGives(Dither dither, int width, int pixels)
      throws IOException {
    for (int seed : new int[] {1, 77, 9_998, 10_000}) {
      for (TileScaling scaling : SCALINGS) {
        assertGivesWhatCfitsioGives(dither, width, pixels, seed, scaling);
      }
    }
  }

  private void assertGivesWhatCfitsioGives(
      Dither dither, int width, int pixels, int seed, TileScaling scaling) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      List<MemorySegment> tiles = new ArrayList<>();
      for (int tile = 0; tile < TILES; tile++) {
        tiles.add(integers(width, pixels, tile, arena));
      }
      Path floats = write(-32, dither, width, seed, scaling, tiles);
      Path doubles = write(-64, dither, width, seed, scaling, tiles);
      MemorySegment target = arena.allocate(8L * pixels, 8);
      Dequantizer dequantizer = new Dequantizer(dither, seed);
      for (int tile = 0; tile < TILES; tile++) {
        MemorySegment part = target.asSlice(0, 4L * pixels);
        MemorySegment integers = int32(tiles.get(tile), width, pixels, arena);
        dequantizer.toFloats(integers, scaling, tile, part, 4, pixels);
        assertArrayEquals(
            bits(read(floats, PixelType.FLOAT32, tile, pixels, arena), 4), bits(part, 4));
        dequantizer.toFloats(integers, scaling, tile, target, 8, pixels);
        assertArrayEquals(
            bits(read(doubles, PixelType.FLOAT64, tile, pixels, arena), 8), bits(target, 8));
      }
    }
  }

  /** Small ones, any, and those that stand for something. */
  private static MemorySegment integers(int width, int pixels, long seed, Arena arena) {
    Random random = new Random(seed);
    MemorySegment integers = arena.allocate((long) width * pixels, 8);
    for (int i = 0; i < pixels; i++) {
      int value =
          switch (random.nextInt(20)) {
            case 0 -> Dequantizer.ZERO_VALUE;
            case 1 -> random.nextInt();
            default -> random.nextInt(200) - 20;
          };
      Pixels.put(integers, width, i, value);
    }
    return integers;
  }

  private static MemorySegment int32(MemorySegment integers, int width, int pixels, Arena arena) {
    MemorySegment wide = arena.allocate(4L * pixels, 8);
    WidthKernels.toInt32(integers, width, ByteOrder.nativeOrder(), wide, pixels);
    return wide;
  }

  /** All NaNs are one. */
  private static long[] bits(MemorySegment values, int width) {
    long[] bits = new long[(int) (values.byteSize() / width)];
    ByteBuffer buffer = values.asByteBuffer().order(ByteOrder.nativeOrder());
    for (int i = 0; i < bits.length; i++) {
      bits[i] =
          width == 4
              ? Float.floatToIntBits(buffer.getFloat(4 * i))
              : Double.doubleToLongBits(buffer.getDouble(8 * i));
    }
    return bits;
  }

  private static MemorySegment read(Path file, PixelType type, int tile, int pixels, Arena arena) {
    MemorySegment values = arena.allocate((long) type.bytes() * pixels, 8);
    try (FitsFile fits = FitsFile.open(file.toString())) {
      fits.moveTo(1);
      fits.readPixels((long) tile * pixels, pixels, PixelFormat.physical(type), values);
    }
    return values;
  }

  /** A file with a row of the image for each tile, compressed by Rice. */
  private Path write(
      int bitpix,
      Dither dither,
      int width,
      int seed,
      TileScaling scaling,
      List<MemorySegment> tiles)
      throws IOException {
    long pixels = tiles.getFirst().byteSize() / width;
    int rowBytes = 24;
    ByteBuffer table = ByteBuffer.allocate(rowBytes * tiles.size());
    ByteArrayOutputStream heap = new ByteArrayOutputStream();
    for (MemorySegment tile : tiles) {
      try (Arena arena = Arena.ofConfined()) {
        byte[] compressed = CfitsioCodecs.rice(tile, width, 32, arena).toArray(JAVA_BYTE);
        table.putInt(compressed.length).putInt(heap.size());
        table.putDouble(scaling.scale()).putDouble(scaling.zero());
        heap.writeBytes(compressed);
      }
    }
    String[] cards =
        FitsBytes.with(
            FitsBytes.table(rowBytes, tiles.size(), heap.size()),
            "TTYPE1  = 'COMPRESSED_DATA'",
            "TFORM1  = '1PB     '",
            "TTYPE2  = 'ZSCALE  '",
            "TFORM2  = '1D      '",
            "TTYPE3  = 'ZZERO   '",
            "TFORM3  = '1D      '",
            card("ZIMAGE", "T"),
            card("ZBITPIX", bitpix),
            card("ZNAXIS", 2),
            card("ZNAXIS1", pixels),
            card("ZNAXIS2", tiles.size()),
            card("ZTILE1", pixels),
            card("ZTILE2", 1),
            "ZCMPTYPE= 'RICE_1  '",
            "ZNAME1  = 'BLOCKSIZE'",
            card("ZVAL1", 32),
            "ZNAME2  = 'BYTEPIX '",
            card("ZVAL2", width),
            "ZQUANTIZ= '" + dither + "'",
            card("ZDITHER0", seed),
            scaling.hasBlank() ? card("ZBLANK", scaling.blank()) : "COMMENT no ZBLANK");
    cards[TFIELDS] = card("TFIELDS", 3);
    byte[] data = new byte[table.capacity() + heap.size()];
    System.arraycopy(table.array(), 0, data, 0, table.capacity());
    System.arraycopy(heap.toByteArray(), 0, data, table.capacity(), heap.size());
    byte[] bytes = new FitsBytes().header(FitsBytes.primary(8)).header(cards).data(data).toBytes();
    return Files.write(folder.resolve("quantised" + bitpix + ".fits"), bytes);
  }

  @Test
  void ditherNumbers_all_areThoseOfCfitsio() {
    float[] expected = CfitsioCodecs.randomNumbers(DitherNumbers.COUNT);
    for (int i = 0; i < DitherNumbers.COUNT; i++) {
      assertEquals(expected[i], DitherNumbers.VALUES[i]);
    }
  }

  @Test
  void toFloats_zeroAndBlankAreTheSame_isNan() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment integer = arena.allocateFrom(JAVA_INT, Dequantizer.ZERO_VALUE);
      MemorySegment value = arena.allocate(8, 8);
      TileScaling scaling = new TileScaling(1, 0, true, Dequantizer.ZERO_VALUE);
      new Dequantizer(Dither.SUBTRACTIVE_DITHER_2, 1).toFloats(integer, scaling, 0, value, 8, 1);
      assertEquals(Double.doubleToLongBits(Double.NaN), bits(value, 8)[0]);
    }
  }
}
