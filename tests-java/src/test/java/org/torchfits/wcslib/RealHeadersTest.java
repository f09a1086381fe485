package org.torchfits.wcslib;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.torchfits.cfitsio.FitsFile;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.oracle.Json;
import org.torchfits.oracle.RealData;

/** World coordinates of real headers against what astropy.wcs makes of them. */
class RealHeadersTest {
  /**
   * In units of the axis, or of the value where that is above 1: builds of wcslib differ in the
   * last bits.
   */
  private static final double TOLERANCE = 1e-9;

  /** Files with an HDU that cfitsio refuses. */
  private static final Set<String> REFUSED_BY_CFITSIO =
      Set.of("linetools__UM184_nE.fits", "mpdaf__Spectrum_Variance.fits");

  /** SIP and, from an old SCAMP, PV parameters for the same axes; astropy drops the latter. */
  private static final Set<String> REPAIRED_BY_ASTROPY =
      Set.of("astropy__header_newlines.fits", "astropy__validate.fits", "astropy__too_many_pv.hdr");

  @TestFactory
  Stream<DynamicTest> pixelToWorld_primaryCoordinatesOfRealFiles_areAstropys() throws IOException {
    return tests("", (folder, image) -> fileHeader(folder.resolve(file(image)), image.get("hdu")));
  }

  @TestFactory
  Stream<DynamicTest> pixelToWorld_primaryCoordinatesOfRealHeaders_areAstropys()
      throws IOException {
    return tests(
        "wcs_headers/",
        (folder, image) -> Files.readString(folder.resolve(file(image)), ISO_8859_1));
  }

  @Test
  void parse_distortionsOfTwoKinds_areRefused() throws IOException {
    Path header = RealData.folder().resolve("wcs_headers/astropy__too_many_pv.hdr");
    String cards = Files.readString(header, ISO_8859_1);
    FitsException failure =
        assertThrows(FitsException.class, () -> WcsTransform.parse(cards).close());
    assertEquals(ErrorKind.WCSLIB, failure.kind());
    assertEquals(6, failure.status());
  }

  @FunctionalInterface
  private interface HeaderReader {
    String read(Path folder, Json image) throws IOException;
  }

  private static Stream<DynamicTest> tests(String subfolder, HeaderReader reader)
      throws IOException {
    Path folder = RealData.folder().resolve(subfolder);
    return RealData.lines(subfolder + "EXPECT_WCS.jsonl").stream()
        .filter(RealHeadersTest::isOfWcslibAlone)
        .filter(image -> isOfCards(folder.resolve(file(image))))
        .map(image ->
            DynamicTest.dynamicTest(file(image), () -> compare(reader.read(folder, image), image)));
  }

  private static String file(Json image) {
    return image.get("file").asString();
  }

  /**
   * Where astropy found primary coordinates and added nothing of its own, in a file that is not
   * compressed.
   */
  private static boolean isOfWcslibAlone(Json image) {
    Json wcs = image.get("wcs").list().getFirst();
    return !file(image).endsWith(".gz")
        && !file(image).endsWith(".bz2")
        && !REFUSED_BY_CFITSIO.contains(file(image))
        && !REPAIRED_BY_ASTROPY.contains(file(image))
        && !wcs.has("err")
        && wcs.get("key").asString().isEmpty()
        && Stream.of("cpdis", "d2im", "tab").noneMatch(key -> wcs.get(key).asBoolean());
  }

  /** Some of the headers are lines of text instead. */
  private static boolean isOfCards(Path file) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      return !file.toString().endsWith(".hdr")
          || (bytes.length % WcsHeader.CARD_BYTES == 0
              && new String(bytes, ISO_8859_1).indexOf('\n') < 0);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static String fileHeader(Path path, Json hdu) {
    try (FitsFile file = FitsFile.open(new String(path.toString().getBytes(UTF_8), ISO_8859_1))) {
      file.moveTo((int) hdu.asLong());
      return file.headerText();
    }
  }

  private static void compare(String cards, Json image) {
    Json expected = image.get("wcs").list().getFirst();
    try (WcsTransform wcs = WcsTransform.parse(cards)) {
      assertEquals(expected.get("naxis").asLong(), wcs.naxis(), file(image));
      double[] pixels =
          Arrays.stream(numbers(expected.get("pix"))).map(pixel -> pixel - 1).toArray();
      boolean sip = expected.get("sip").asBoolean();
      double[] world = numbers(expected.get(sip ? "all" : "core"));
      assertClose(expected, world, wcs.pixelToWorld(pixels), file(image));
    }
  }

  private static double[] numbers(Json positions) {
    return positions.list().stream()
        .flatMap(position -> position.list().stream())
        .mapToDouble(Json::asDouble)
        .toArray();
  }

  private static boolean isLongitude(Json wcs, int number) {
    return number % wcs.get("naxis").asLong() == wcs.get("lng").asLong();
  }

  /** Where a longitude has no meaning. */
  private static boolean isAtPole(Json wcs, int number, double[] world) {
    int latitude = number + (int) (wcs.get("lat").asLong() - wcs.get("lng").asLong());
    return Math.abs(world[latitude]) > 90 - TOLERANCE;
  }

  private static void assertClose(Json wcs, double[] expected, double[] actual, String file) {
    assertEquals(expected.length, actual.length, file);
    for (int i = 0; i < expected.length; i++) {
      boolean longitude = isLongitude(wcs, i);
      if (!longitude || !isAtPole(wcs, i, expected)) {
        double turns = longitude ? 360 * Math.rint((actual[i] - expected[i]) / 360) : 0;
        assertEquals(expected[i], actual[i] - turns, tolerance(expected[i]), file);
      }
    }
  }

  private static double tolerance(double value) {
    return Double.isNaN(value) ? TOLERANCE : TOLERANCE * Math.max(1, Math.abs(value));
  }
}
