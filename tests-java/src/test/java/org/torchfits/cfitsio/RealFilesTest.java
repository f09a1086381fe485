package org.torchfits.cfitsio;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

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
import org.junit.jupiter.api.TestFactory;
import org.torchfits.oracle.Json;
import org.torchfits.oracle.RealData;

/** Images of real files against what fitsio 1.4.2, another program around cfitsio, read of them. */
class RealFilesTest {
  @TestFactory
  Stream<DynamicTest> readSection_everyImageOfRealFiles_isWhatFitsioReads() throws IOException {
    Path folder = RealData.folder();
    return RealData.lines("EXPECT.jsonl").stream()
        .filter(RealFilesTest::isOpened)
        .map(file -> DynamicTest.dynamicTest(name(file), () -> { try { compare(folder, file); } catch (Throwable e) { throw new AssertionError(name(file), e);} }));
  }

  private static String name(Json file) {
    return file.get("file").asString();
  }

  private static boolean isOpened(Json file) {
    String name = name(file);
    return file.get("fitsio").get("open").asString().equals("ok")
        && !name.endsWith(".gz")
        && !name.endsWith(".bz2");
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
      assertEquals(expected.get("sha").asString(), hash(read(file, shape, type)), file.headerText().substring(0,0)+file.hdu());
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
      return into.toArray(JAVA_BYTE);
    }
  }

  private static String hash(byte[] bytes) throws NoSuchAlgorithmException {
    byte[] sha = MessageDigest.getInstance("SHA-1").digest(bytes);
    return HexFormat.of().formatHex(sha, 0, 8);
  }
}
