package org.torchfits.cfitsio;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.torchfits.header.FitsBytes.card;
import static org.torchfits.header.FitsBytes.extension;
import static org.torchfits.header.FitsBytes.primary;
import static org.torchfits.header.FitsBytes.with;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.FitsBytes;

class FitsFileTest {
  @TempDir Path folder;
  private final Arena arena = Arena.ofAuto();

  private String write(FitsBytes fits) throws IOException {
    return write("a.fits", fits.toBytes());
  }

  private String write(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes).toString();
  }

  private MemorySegment room(PixelType type, long pixels) {
    return arena.allocate(type.bytes() * pixels, 16);
  }

  private static byte[] shorts(int... values) {
    ByteBuffer buffer = ByteBuffer.allocate(2 * values.length);
    Arrays.stream(values).forEach(value -> buffer.putShort((short) value));
    return buffer.array();
  }

  private static byte[] floats(float... values) {
    ByteBuffer buffer = ByteBuffer.allocate(4 * values.length);
    for (float value : values) {
      buffer.putFloat(value);
    }
    return buffer.array();
  }

  private static void assertFails(ErrorKind kind, Executable executable) {
    FitsException failure = assertThrows(FitsException.class, executable);
    assertEquals(kind, failure.kind(), failure::getMessage);
  }

  /** A primary HDU of shape (2, 3), an image of shape (2, 2), one without axes. */
  private FitsFile threeHdus() throws IOException {
    FitsBytes fits =
        new FitsBytes()
            .header(primary(16, 3, 2))
            .data(shorts(0, 1, 2, 10, 11, 12))
            .header(with(extension(-32, 2, 2), "EXTNAME = 'SCI'"))
            .data(floats(0.5f, 1.5f, Float.NaN, -0f))
            .header(extension(8));
    return FitsFile.open(write(fits));
  }

  @Test
  void hduCount_threeHdus_leavesTheCurrentOne() throws IOException {
    try (FitsFile file = threeHdus()) {
      file.moveTo(1);
      assertEquals(3, file.hduCount());
      assertEquals(1, file.hdu());
      assertEquals(-32, file.bitpix());
    }
  }

  @Test
  void hduCount_otherBytesAfterTheLastHdu_areNone() throws IOException {
    FitsBytes fits = new FitsBytes().header(primary(8)).append(new byte[FitsBytes.BLOCK]);
    try (FitsFile file = FitsFile.open(write(fits))) {
      assertEquals(1, file.hduCount());
    }
  }

  @Test
  void hduCount_brokenExtension_isNotDropped() throws IOException {
    FitsBytes fits =
        new FitsBytes()
            .header(primary(8))
            .header("XTENSION= 'IMAGE   '", card("BITPIX", 7), card("NAXIS", 0));
    try (FitsFile file = FitsFile.open(write(fits))) {
      assertFails(ErrorKind.BAD_HEADER, file::hduCount);
      assertEquals(0, file.hdu());
      assertEquals(8, file.bitpix());
    }
  }

  @Test
  void moveTo_eachHdu_tellsWhatItIs() throws IOException {
    try (FitsFile file = threeHdus()) {
      assertArrayEquals(new long[] {2, 3}, file.shape());
      file.moveTo(2);
      assertArrayEquals(new long[0], file.shape());
      assertTrue(file.isImage());
      assertFalse(file.isCompressed());
      file.moveTo(1);
      assertArrayEquals(new long[] {2, 2}, file.shape());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 3, 1000, Integer.MAX_VALUE})
  void moveTo_missingHdu_staysAndSaysHowManyThereAre(int hdu) throws IOException {
    try (FitsFile file = threeHdus()) {
      file.moveTo(1);
      FitsException failure = assertThrows(FitsException.class, () -> file.moveTo(hdu));
      assertEquals(ErrorKind.HDU_NOT_FOUND, failure.kind());
      assertTrue(
          failure.toString().contains("a.fits: no HDU " + hdu + " (the file has 3 HDUs)"),
          failure::getMessage);
      assertEquals(1, file.hdu());
      assertEquals(-32, file.bitpix());
    }
  }

  @Test
  void headerText_ofExtension_isEveryCardWithEnd() throws IOException {
    try (FitsFile file = threeHdus()) {
      file.moveTo(1);
      String text = file.headerText();
      assertEquals(9 * 80, text.length());
      assertTrue(text.startsWith("XTENSION= 'IMAGE   '"));
      assertEquals("EXTNAME = 'SCI'", text.substring(7 * 80, 8 * 80).strip());
      assertEquals("END", text.substring(8 * 80).strip());
    }
  }

  @Test
  void headerText_latin1Bytes_areKept() throws IOException {
    String comment = "COMMENT caf\u00e9 \u00ff";
    try (FitsFile file = FitsFile.open(write(new FitsBytes().header(with(primary(8), comment))))) {
      assertEquals(comment, file.headerText().substring(3 * 80, 4 * 80).strip());
    }
  }

  @Test
  void readPixels_partOfAnImage_isInCOrder() throws IOException {
    try (FitsFile file = threeHdus()) {
      MemorySegment into = room(PixelType.INT16, 4);
      file.readPixels(2, 4, PixelFormat.physical(PixelType.INT16), into);
      assertArrayEquals(new short[] {2, 10, 11, 12}, into.toArray(JAVA_SHORT));
    }
  }

  @Test
  void readPixels_floats_keepNanAndSignOfZero() throws IOException {
    try (FitsFile file = threeHdus()) {
      file.moveTo(1);
      MemorySegment into = room(PixelType.FLOAT32, 4);
      file.readPixels(0, 4, PixelFormat.physical(PixelType.FLOAT32), into);
      assertArrayEquals(new float[] {0.5f, 1.5f, Float.NaN, -0f}, into.toArray(JAVA_FLOAT));
    }
  }

  @Test
  void readPixels_noneOfAnImageWithoutAxes_doesNothing() throws IOException {
    try (FitsFile file = threeHdus()) {
      file.moveTo(2);
      file.readPixels(0, 0, PixelFormat.physical(PixelType.UINT8), room(PixelType.UINT8, 1));
      assertFails(
          ErrorKind.BAD_SECTION,
          () ->
              file.readPixels(
                  0, 1, PixelFormat.physical(PixelType.UINT8), room(PixelType.UINT8, 1)));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "-1, 1",
    "0, 7",
    "6, 1",
    "7, 0",
    "1, 9223372036854775807",
    "9223372036854775807, 1",
    "0, -1"
  })
  void readPixels_outsideTheImage_isRefused(long first, long count) throws IOException {
    try (FitsFile file = threeHdus()) {
      assertFails(
          ErrorKind.BAD_SECTION,
          () ->
              file.readPixels(
                  first, count, PixelFormat.physical(PixelType.INT16), room(PixelType.INT16, 9)));
    }
  }

  @Test
  void readPixels_destinationTooSmallOrNotNative_isRefused() throws IOException {
    PixelFormat format = PixelFormat.physical(PixelType.INT16);
    try (FitsFile file = threeHdus()) {
      MemorySegment small = arena.allocate(11, 16);
      MemorySegment heap = MemorySegment.ofArray(new short[6]);
      MemorySegment odd = arena.allocate(13, 16).asSlice(1);
      assertThrows(IllegalArgumentException.class, () -> file.readPixels(0, 6, format, small));
      assertThrows(IllegalArgumentException.class, () -> file.readPixels(0, 6, format, heap));
      assertThrows(IllegalArgumentException.class, () -> file.readPixels(0, 6, format, odd));
      assertEquals(-1, small.mismatch(arena.allocate(11)));
    }
  }

  /** Stored 1, 2 and the undefined -7; physical 100.5, 101. */
  private FitsFile scaled() throws IOException {
    String[] cards =
        with(primary(16, 3), card("BSCALE", 0.5), card("BZERO", 100), card("BLANK", -7));
    return FitsFile.open(write(new FitsBytes().header(cards).data(shorts(1, 2, -7))));
  }

  @Test
  void readPixels_scaledIntegers_blankIsNanInFloatingTypesOnly() throws IOException {
    try (FitsFile file = scaled()) {
      assertEquals(PixelType.FLOAT32, file.equivalentType());
      MemorySegment floats = room(PixelType.FLOAT32, 3);
      file.readPixels(0, 3, PixelFormat.physical(PixelType.FLOAT32), floats);
      assertArrayEquals(new float[] {100.5f, 101, Float.NaN}, floats.toArray(JAVA_FLOAT));
      MemorySegment doubles = room(PixelType.FLOAT64, 3);
      file.readPixels(0, 3, PixelFormat.physical(PixelType.FLOAT64), doubles);
      assertArrayEquals(new double[] {100.5, 101, Double.NaN}, doubles.toArray(JAVA_DOUBLE));
    }
  }

  @Test
  void readPixels_storedAndPhysicalInTurn_neitherSticks() throws IOException {
    try (FitsFile file = scaled()) {
      MemorySegment stored = room(PixelType.INT16, 3);
      MemorySegment physical = room(PixelType.FLOAT64, 3);
      for (int turn = 0; turn < 2; turn++) {
        file.readPixels(0, 3, PixelFormat.stored(PixelType.INT16), stored);
        file.readPixels(0, 3, PixelFormat.physical(PixelType.FLOAT64), physical);
        assertArrayEquals(new short[] {1, 2, -7}, stored.toArray(JAVA_SHORT));
        assertArrayEquals(new double[] {100.5, 101, Double.NaN}, physical.toArray(JAVA_DOUBLE));
      }
    }
  }

  @Test
  void readPixels_storedThenAnotherHdu_isPhysicalThere() throws IOException {
    String[] scale = {card("BZERO", 100)};
    FitsBytes fits =
        new FitsBytes()
            .header(with(primary(8, 1), scale))
            .data((byte) 1)
            .header(with(extension(8, 1), scale))
            .data((byte) 2);
    try (FitsFile file = FitsFile.open(write(fits))) {
      MemorySegment into = room(PixelType.UINT8, 1);
      file.readPixels(0, 1, PixelFormat.stored(PixelType.UINT8), into);
      assertEquals(1, into.get(JAVA_BYTE, 0));
      file.moveTo(1);
      file.readPixels(0, 1, PixelFormat.physical(PixelType.UINT8), into);
      assertEquals(102, into.get(JAVA_BYTE, 0));
      file.moveTo(0);
      file.readPixels(0, 1, PixelFormat.physical(PixelType.UINT8), into);
      assertEquals(101, into.get(JAVA_BYTE, 0));
    }
  }

  @Test
  void readPixels_valuesThatDoNotFit_carriesCfitsiosStatus() throws IOException {
    try (FitsFile file =
        FitsFile.open(write(new FitsBytes().header(primary(16, 1)).data(shorts(300))))) {
      FitsException failure =
          assertThrows(
              FitsException.class,
              () ->
                  file.readPixels(
                      0, 1, PixelFormat.physical(PixelType.UINT8), room(PixelType.UINT8, 1)));
      assertEquals(ErrorKind.CFITSIO, failure.kind());
      assertEquals(412, failure.status());
      assertTrue(failure.toString().contains("a.fits[0]: reading pixels: "), failure::getMessage);
      assertTrue(failure.toString().contains("(cfitsio status 412): "), failure::getMessage);
    }
  }

  @ParameterizedTest
  @CsvSource({"8, UINT8", "16, INT16", "32, INT32", "64, INT64", "-32, FLOAT32", "-64, FLOAT64"})
  void equivalentType_withoutScale_isBitpix(int bitpix, PixelType type) throws IOException {
    try (FitsFile file = FitsFile.open(write(new FitsBytes().header(primary(bitpix))))) {
      assertEquals(bitpix, file.bitpix());
      assertEquals(type, file.equivalentType());
    }
  }

  @ParameterizedTest
  @CsvSource({"8, -128, INT8", "16, 32768, UINT16", "32, 2147483648, UINT32", "32, 0.5, FLOAT64"})
  void equivalentType_withBzero_isWhatHoldsTheValues(int bitpix, String bzero, PixelType type)
      throws IOException {
    String[] cards = with(primary(bitpix), card("BSCALE", 1), card("BZERO", bzero));
    try (FitsFile file = FitsFile.open(write(new FitsBytes().header(cards)))) {
      assertEquals(type, file.equivalentType());
    }
  }

  private static short[] section(
      FitsFile file, long[] first, long[] last, long[] step, int pixels) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment into = arena.allocate(2L * pixels, 2);
      file.readSection(first, last, step, PixelFormat.physical(PixelType.INT16), into);
      return into.toArray(JAVA_SHORT);
    }
  }

  /** Shape (2, 3, 4), each pixel its index in C order. */
  private FitsFile cube() throws IOException {
    int[] values = IntStream.range(0, 24).toArray();
    return FitsFile.open(write(new FitsBytes().header(primary(16, 4, 3, 2)).data(shorts(values))));
  }

  @Test
  void readSection_boxAndSteps_areInCOrder() throws IOException {
    try (FitsFile file = cube()) {
      long[] one = {1, 1, 1};
      assertArrayEquals(
          new short[] {17, 18, 21, 22},
          section(file, new long[] {1, 1, 1}, new long[] {1, 2, 2}, one, 4));
      assertArrayEquals(
          new short[] {0, 2, 8, 10},
          section(file, new long[] {0, 0, 0}, new long[] {0, 2, 3}, new long[] {1, 2, 2}, 4));
      assertEquals(23, section(file, new long[] {0, 0, 0}, new long[] {1, 2, 3}, one, 24)[23]);
    }
  }

  @ParameterizedTest
  @CsvSource({"-1, 0, 1", "0, 2, 1", "1, 0, 1", "0, 1, 0", "0, 1, -1"})
  void readSection_outsideTheImage_isRefused(long first, long last, long step) throws IOException {
    try (FitsFile file = cube()) {
      assertFails(
          ErrorKind.BAD_SECTION,
          () ->
              section(
                  file,
                  new long[] {first, 0, 0},
                  new long[] {last, 0, 0},
                  new long[] {step, 1, 1},
                  24));
    }
  }

  @Test
  void readSection_otherNumberOfAxes_isRefused() throws IOException {
    long[] zero = {0, 0};
    try (FitsFile file = cube()) {
      assertFails(ErrorKind.BAD_SECTION, () -> section(file, zero, zero, new long[] {1, 1}, 1));
    }
  }

  @Test
  void readPixels_tenAxes_areReadFlatAndRefusedAsSection() throws IOException {
    long[] ones = new long[10];
    Arrays.fill(ones, 1);
    ones[0] = 2;
    try (FitsFile file =
        FitsFile.open(write(new FitsBytes().header(primary(16, ones)).data(shorts(5, 6))))) {
      MemorySegment into = room(PixelType.INT16, 2);
      file.readPixels(0, 2, PixelFormat.physical(PixelType.INT16), into);
      assertArrayEquals(new short[] {5, 6}, into.toArray(JAVA_SHORT));
      long[] zeros = new long[10];
      assertFails(ErrorKind.UNSUPPORTED, () -> section(file, zeros, zeros, ones, 1));
    }
  }

  /** Two blocks of pixels, of which the file has only so many bytes. */
  private FitsFile cut(int bytes) throws IOException {
    byte[] data = shorts(IntStream.range(0, FitsBytes.BLOCK).toArray());
    byte[] whole = new FitsBytes().header(primary(16, FitsBytes.BLOCK)).data(data).toBytes();
    return FitsFile.open(write("a.fits", Arrays.copyOf(whole, FitsBytes.BLOCK + bytes)));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, 2880, 2881, 5759})
  void readPixels_fileEndsWithinTheImage_isTruncatedNotZeros(int bytes) throws IOException {
    PixelFormat format = PixelFormat.physical(PixelType.INT16);
    long pixels = FitsBytes.BLOCK;
    try (FitsFile file = cut(bytes)) {
      assertFails(
          ErrorKind.TRUNCATED,
          () -> file.readPixels(0, pixels, format, room(PixelType.INT16, pixels)));
      long[] last = {pixels - 1};
      assertFails(ErrorKind.TRUNCATED, () -> section(file, last, last, new long[] {1}, 1));
    }
  }

  @Test
  void readPixels_fromTheWholeBlocksOfACutFile_areRead() throws IOException {
    try (FitsFile file = cut(2881)) {
      short[] pixels = section(file, new long[] {0}, new long[] {1439}, new long[] {1}, 1440);
      assertEquals(1439, pixels[1439]);
    }
  }

  @Test
  void readPixels_lastBlockNotFilledUp_isTruncated() throws IOException {
    byte[] whole = new FitsBytes().header(primary(16, 3)).data(shorts(1, 2, 3)).toBytes();
    try (FitsFile file = FitsFile.open(write("a.fits", Arrays.copyOf(whole, 2886)))) {
      FitsException failure =
          assertThrows(
              FitsException.class,
              () ->
                  file.readPixels(
                      0, 3, PixelFormat.physical(PixelType.INT16), room(PixelType.INT16, 3)));
      assertEquals(ErrorKind.TRUNCATED, failure.kind());
      assertEquals(108, failure.status());
      assertTrue(failure.toString().contains("a.fits[0]: reading pixels: "), failure::getMessage);
      assertFalse(failure.toString().contains("/proc/"), failure::getMessage);
    }
  }

  @Test
  void open_lastBlockOfTheHeaderNotFilledUp_isTruncated() throws IOException {
    byte[] whole = new FitsBytes().header(primary(8)).toBytes();
    String path = write("a.fits", Arrays.copyOf(whole, 320));
    assertFails(ErrorKind.TRUNCATED, () -> FitsFile.open(path));
  }

  @Test
  void readPixels_shapeBeyondAllBounds_isRefused() throws IOException {
    long huge = Long.MAX_VALUE / 2;
    try (FitsFile file = FitsFile.open(write(new FitsBytes().header(primary(64, huge, huge))))) {
      assertFails(
          ErrorKind.BAD_HEADER,
          () ->
              file.readPixels(
                  0, 1, PixelFormat.physical(PixelType.INT64), room(PixelType.INT64, 1)));
    }
  }

  /** The product of the axes is 2^64 bytes, so that the next HDU would begin at this one again. */
  @Test
  void hduCount_sizeThatOverflowsToNothing_isRefused() throws IOException {
    long[] axes = {1L << 32, 1L << 31, 2};
    try (FitsFile file = FitsFile.open(write(new FitsBytes().header(primary(8, axes))))) {
      assertEquals(1, file.hduCount());
    }
    long[] backwards = {1L << 32, (1L << 31) + (1L << 30)};
    try (FitsFile file = FitsFile.open(write(new FitsBytes().header(primary(8, backwards))))) {
      assertFails(ErrorKind.BAD_HEADER, file::hduCount);
    }
  }

  @Test
  void shape_ofATable_isRefused() throws IOException {
    FitsBytes fits =
        new FitsBytes()
            .header(primary(8))
            .header(
                "XTENSION= 'BINTABLE'",
                card("BITPIX", 8),
                card("NAXIS", 2),
                card("NAXIS1", 2),
                card("NAXIS2", 1),
                card("PCOUNT", 0),
                card("GCOUNT", 1),
                card("TFIELDS", 1),
                "TFORM1  = '1I      '")
            .data((byte) 0, (byte) 1);
    try (FitsFile file = FitsFile.open(write(fits))) {
      file.moveTo(1);
      assertFalse(file.isImage());
      assertFalse(file.isCompressed());
      assertFails(ErrorKind.WRONG_HDU_KIND, file::shape);
      assertFails(ErrorKind.WRONG_HDU_KIND, file::bitpix);
      assertFails(
          ErrorKind.WRONG_HDU_KIND,
          () ->
              file.readPixels(
                  0, 1, PixelFormat.physical(PixelType.INT16), room(PixelType.INT16, 1)));
      assertEquals(10 * 80, file.headerText().length());
    }
  }

  @Test
  void close_twice_isHarmlessAndUseAfterwardsIsRefused() throws IOException {
    FitsFile file = threeHdus();
    file.close();
    file.close();
    assertThrows(IllegalStateException.class, file::hduCount);
    assertThrows(IllegalStateException.class, file::shape);
    assertThrows(IllegalStateException.class, file::headerText);
    assertThrows(IllegalStateException.class, () -> file.moveTo(0));
    assertThrows(IllegalStateException.class, () -> file.moveTo(9));
    assertThrows(
        IllegalStateException.class,
        () ->
            file.readPixels(0, 0, PixelFormat.physical(PixelType.INT16), room(PixelType.INT16, 1)));
  }

  private static long openDescriptors() throws IOException {
    try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return descriptors.count();
    }
  }

  @Test
  void open_manyTimesWellAndBadly_leavesNoDescriptorOpen() throws IOException {
    String good = write("good.fits", new FitsBytes().header(primary(8)).toBytes());
    String bad =
        write("bad.fits", new FitsBytes().header(card("SIMPLE", "T"), card("BITPIX", 3)).toBytes());
    FitsFile.open(good).close();
    long before = openDescriptors();
    for (int i = 0; i < 300; i++) {
      FitsFile.open(good).close();
      assertFails(ErrorKind.BAD_HEADER, () -> FitsFile.open(bad));
    }
    assertTrue(openDescriptors() < before + 100);
  }

  @Test
  void open_sameFileInManyThreads_eachReadsAndFailsForItself() throws Exception {
    int[] values = IntStream.range(0, 20_000).map(i -> i % 30_000).toArray();
    String path = write(new FitsBytes().header(primary(16, values.length)).data(shorts(values)));
    short[] expected = new short[values.length];
    ByteBuffer.wrap(shorts(values)).asShortBuffer().get(expected);
    Callable<short[]> task =
        () -> {
          try (FitsFile file = FitsFile.open(path)) {
            assertFails(ErrorKind.CFITSIO, () -> readAsBytes(file));
            return section(
                file,
                new long[] {0},
                new long[] {values.length - 1},
                new long[] {1},
                values.length);
          }
        };
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (Future<short[]> read : threads.invokeAll(Collections.nCopies(200, task))) {
        assertArrayEquals(expected, read.get());
      }
    }
  }

  private static void readAsBytes(FitsFile file) {
    try (Arena arena = Arena.ofConfined()) {
      file.readPixels(0, 1000, PixelFormat.physical(PixelType.UINT8), arena.allocate(1000));
    }
  }

  @Test
  void open_notFits_isToldByKind() throws IOException {
    String empty = write("empty.fits", new byte[0]);
    String text = write("text.fits", "a picture, not a file".getBytes(ISO_8859_1));
    String gzip = write("a.fits.gz", new byte[] {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0});
    String cut =
        write("cut.fits", Arrays.copyOf(new FitsBytes().header(primary(8)).toBytes(), 200));
    byte[] noEnd = new FitsBytes().header(primary(8, 2)).toBytes();
    Arrays.fill(noEnd, 4 * 80, 5 * 80, (byte) ' ');
    String endless = write("endless.fits", new FitsBytes().append(noEnd).data((byte) 1).toBytes());
    assertFails(ErrorKind.NOT_FITS, () -> FitsFile.open(empty));
    assertFails(ErrorKind.NOT_FITS, () -> FitsFile.open(text));
    assertFails(ErrorKind.TRUNCATED, () -> FitsFile.open(gzip));
    assertFails(ErrorKind.TRUNCATED, () -> FitsFile.open(cut));
    assertFails(ErrorKind.BAD_HEADER, () -> FitsFile.open(endless));
  }

  @Test
  void open_badHeader_namesFileHduAndCfitsiosReason() throws IOException {
    String path =
        write("bad.fits", new FitsBytes().header(card("SIMPLE", "T"), card("BITPIX", 3)).toBytes());
    FitsException failure = assertThrows(FitsException.class, () -> FitsFile.open(path));
    assertEquals(ErrorKind.BAD_HEADER, failure.kind());
    assertEquals(211, failure.status());
    assertTrue(failure.toString().contains(path + "[0]: opening: "), failure::getMessage);
    assertTrue(
        failure.toString().contains("Illegal value for BITPIX keyword: 3"), failure::getMessage);
    assertFalse(failure.toString().contains("/proc/"), failure::getMessage);
  }
}
