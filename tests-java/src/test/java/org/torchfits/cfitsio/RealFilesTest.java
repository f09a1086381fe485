package org.torchfits.cfitsio;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.oracle.Json;
import org.torchfits.oracle.RealData;

/** Images of real files against what fitsio 1.4.2, another program around cfitsio, read of them. */
class RealFilesTest {
  /** fitsio drops its second HDU without a word. */
  private static final String WITH_BROKEN_HDU = "mpdaf__Spectrum_Variance.fits";

  @TestFactory
  Stream<DynamicTest> readSection_everyImageOfRealFiles_isWhatFitsioReads() throws IOException {
    Path folder = RealData.folder();
    return RealData.lines("EXPECT.jsonl").stream()
        .filter(RealFilesTest::isOpened)
        .map(file -> DynamicTest.dynamicTest(name(file), () -> compare(folder, file)));
  }

  @Test
  void hduCount_fileWithABrokenHdu_saysSo() {
    try (FitsFile file = FitsFile.open(RealData.folder().resolve(WITH_BROKEN_HDU).toString())) {
      FitsException failure = assertThrows(FitsException.class, file::hduCount);
      assertEquals(ErrorKind.BAD_HEADER, failure.kind());
      assertEquals(222, failure.status());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "fpack__ushort.gzip2.fits.fz",
        "fpack__ushort.hcomp.fits.fz",
        "fpack__ushort.plio.fits.fz",
        "fpack__ushort.rice_t100x100.fits.fz"
      })
  void readPixels_compressedStoredAndPhysicalInTurn_differByBzero(String name) {
    try (FitsFile file = FitsFile.open(RealData.folder().resolve(name).toString());
        Arena arena = Arena.ofConfined()) {
      file.moveTo(1);
      assertTrue(file.isCompressed());
      assertEquals(PixelType.UINT16, file.equivalentType());
      for (int turn = 0; turn < 2; turn++) {
        int physical = firstPixel(file, PixelFormat.physical(PixelType.INT32), arena);
        int stored = firstPixel(file, PixelFormat.stored(PixelType.INT32), arena);
        assertEquals(physical - 32768, stored);
      }
    }
  }

  private static int firstPixel(FitsFile file, PixelFormat format, Arena arena) {
    MemorySegment into = arena.allocate(JAVA_INT);
    file.readPixels(0, 1, format, into);
    return into.get(JAVA_INT, 0);
  }

  private static String name(Json file) {
    return file.get("file").asString();
  }

  private static boolean isOpened(Json file) {
    String name = name(file);
    return file.get("fitsio").get("open").asString().equals("ok")
        && !name.endsWith(".gz")
        && !name.endsWith(".bz2")
        && !name.equals(WITH_BROKEN_HDU);
  }

  private static void compare(Path folder, Json expected) throws Exception {
    String path = new String(folder.resolve(name(expected)).toString().getBytes(UTF_8), ISO_8859_1);
    List<Json> hdus = expected.get("fitsio").get("hdus").list();
    try (FitsFile file = FitsFile.open(path)) {
      assertEquals(hdus.size(), file.hduCount());
      for (int hdu = 0; hdu < hdus.size(); hdu++) {
        file.moveTo(hdu);
        compareHdu(file, hdus.get(hdu));
      }
    }
  }

  private static void compareHdu(FitsFile file, Json expected) throws Exception {
    boolean image = expected.get("type").asString().equals("ImageHDU");
    assertEquals(image, file.isImage());
    if (image && !expected.get("data").isNull()) {
      compareImage(file, expected.get("data"));
    }
  }

  private static void compareImage(FitsFile file, Json expected) throws Exception {
    long[] shape = expected.get("shape").list().stream().mapToLong(Json::asLong).toArray();
    assertArrayEquals(shape, file.shape());
    PixelType type = type(expected.get("dtype").asString());
    if (Arrays.stream(shape).allMatch(length -> length > 0)) {
      assertEquals(
          expected.get("sha").asString(), hash(read(file, shape, type)), "HDU " + file.hdu());
    }
  }

  private static PixelType type(String dtype) {
    return switch (dtype) {
      case "u1" -> PixelType.UINT8;
      case "u2" -> PixelType.UINT16;
      case "u4" -> PixelType.UINT32;
      case "i2" -> PixelType.INT16;
      case "i4" -> PixelType.INT32;
      case "i8" -> PixelType.INT64;
      case "f4" -> PixelType.FLOAT32;
      case "f8" -> PixelType.FLOAT64;
      default -> throw new IllegalArgumentException(dtype);
    };
  }

  private static byte[] read(FitsFile file, long[] shape, PixelType type) {
    try (Arena arena = Arena.ofConfined()) {
      long pixels = Arrays.stream(shape).reduce(1, Math::multiplyExact);
      MemorySegment into = arena.allocate(pixels * type.bytes(), type.bytes());
      long[] last = Arrays.stream(shape).map(length -> length - 1).toArray();
      long[] step = Arrays.stream(shape).map(length -> 1).toArray();
      file.readSection(new long[shape.length], last, step, PixelFormat.physical(type), into);
      return withOneNan(into, type).toArray(JAVA_BYTE);
    }
  }

  /** The hashes do not tell one NaN from another. */
  private static MemorySegment withOneNan(MemorySegment pixels, PixelType type) {
    for (long at = 0; at < pixels.byteSize(); at += type.bytes()) {
      if (type == PixelType.FLOAT32 && Float.isNaN(pixels.get(JAVA_FLOAT, at))) {
        pixels.set(JAVA_FLOAT, at, Float.NaN);
      } else if (type == PixelType.FLOAT64 && Double.isNaN(pixels.get(JAVA_DOUBLE, at))) {
        pixels.set(JAVA_DOUBLE, at, Double.NaN);
      }
    }
    return pixels;
  }

  private static String hash(byte[] bytes) throws NoSuchAlgorithmException {
    byte[] sha = MessageDigest.getInstance("SHA-1").digest(bytes);
    return HexFormat.of().formatHex(sha, 0, 8);
  }
}
