package org.torchfits.wcslib;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

class WcsTransformTest {
  private static final String[] LINEAR = {
    "NAXIS   = 2",
    "CTYPE1  = 'LINEAR'",
    "CTYPE2  = 'LINEAR'",
    "CRPIX1  = 1.0",
    "CRPIX2  = 11.0",
    "CRVAL1  = 100.0",
    "CRVAL2  = 200.0",
    "CDELT1  = 2.0",
    "CDELT2  = 0.5"
  };

  private static final String[] SKY = {
    "NAXIS   = 2",
    "CTYPE1  = 'RA---TAN'",
    "CTYPE2  = 'DEC--TAN'",
    "CRPIX1  = 50.5",
    "CRPIX2  = 50.5",
    "CRVAL1  = 10.0",
    "CRVAL2  = 20.0",
    "CDELT1  = -0.01",
    "CDELT2  = 0.01"
  };

  private static String cards(String... cards) {
    return Stream.concat(Arrays.stream(cards), Stream.of("END"))
        .map("%-80s"::formatted)
        .collect(Collectors.joining());
  }

  private static String sky(String keyword, String replacement) {
    return cards(
        Arrays.stream(SKY)
            .map(c -> c.startsWith(keyword) ? replacement : c)
            .toArray(String[]::new));
  }

  private static FitsException refused(String cards) {
    return assertThrows(FitsException.class, () -> WcsTransform.parse(cards).close());
  }

  @Test
  void pixelToWorld_linearAxes_countsPixelsFromZeroAndXFirst() {
    try (WcsTransform wcs = WcsTransform.parse(cards(LINEAR))) {
      assertEquals(2, wcs.naxis());
      double[] pixels = {0, 0, 3, 10};
      double[] world = {100, 195, 106, 200};
      assertArrayEquals(world, wcs.pixelToWorld(pixels));
      assertArrayEquals(pixels, wcs.worldToPixel(world));
    }
  }

  @Test
  void pixelToWorld_skyAtTheReferencePixel_isTheReferenceValue() {
    try (WcsTransform wcs = WcsTransform.parse(cards(SKY))) {
      assertArrayEquals(new double[] {10, 20}, wcs.pixelToWorld(new double[] {49.5, 49.5}), 1e-12);
    }
  }

  @Test
  void pixelToWorld_noPositions_givesNone() {
    try (WcsTransform wcs = WcsTransform.parse(cards(SKY))) {
      assertEquals(0, wcs.pixelToWorld(new double[0]).length);
    }
  }

  @Test
  void pixelToWorld_notWholePositions_isRefused() {
    try (WcsTransform wcs = WcsTransform.parse(cards(SKY))) {
      assertThrows(IllegalArgumentException.class, () -> wcs.pixelToWorld(new double[3]));
    }
  }

  @Test
  void worldToPixel_behindTheTangentPlane_isNanForThatPointOnly() {
    try (WcsTransform wcs = WcsTransform.parse(cards(SKY))) {
      double[] pixels = wcs.worldToPixel(new double[] {190, -20, 10, 20});
      assertTrue(Double.isNaN(pixels[0]) && Double.isNaN(pixels[1]));
      assertEquals(49.5, pixels[2], 1e-9);
      assertEquals(49.5, pixels[3], 1e-9);
    }
  }

  @Test
  void pixelToWorld_outsideTheProjection_isNanForThatPointOnly() {
    String[] allSky =
        Arrays.stream(SKY)
            .map(c -> c.replace("TAN'", "AIT'").replace("0.01", "1.0"))
            .toArray(String[]::new);
    try (WcsTransform wcs = WcsTransform.parse(cards(allSky))) {
      double[] world = wcs.pixelToWorld(new double[] {1e4, 1e4, 49.5, 49.5});
      assertTrue(Double.isNaN(world[0]) && Double.isNaN(world[1]));
      assertArrayEquals(new double[] {10, 20}, Arrays.copyOfRange(world, 2, 4), 1e-9);
    }
  }

  @Test
  void pixelToWorld_nan_staysWithItsPoint() {
    try (WcsTransform wcs = WcsTransform.parse(cards(LINEAR))) {
      double[] world = wcs.pixelToWorld(new double[] {Double.NaN, 0, 0, 10});
      assertTrue(Double.isNaN(world[0]));
      assertArrayEquals(new double[] {100, 200}, Arrays.copyOfRange(world, 2, 4));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "CTYPE2, CTYPE2  = 'GLAT-TAN', 4",
    "CDELT2, CDELT2  = 0.0, 3",
    "CTYPE1, CTYPE1  = 'RA---QQQ', 4"
  })
  void parse_worldCoordinatesWithoutMeaning_carriesWcslibsWords(
      String keyword, String card, int status) {
    FitsException failure = refused(sky(keyword, card));
    assertEquals(ErrorKind.WCSLIB, failure.kind());
    assertEquals(status, failure.status(), failure::getMessage);
    assertTrue(failure.toString().contains("understanding the header: "), failure::getMessage);
    assertTrue(failure.toString().endsWith("(wcslib status " + status + ")"), failure::getMessage);
  }

  @Test
  void parse_noAxes_isRefused() {
    assertEquals(ErrorKind.WCSLIB, refused(cards("NAXIS   = 0")).kind());
    assertEquals(ErrorKind.WCSLIB, refused("").kind());
  }

  @Test
  void parse_alternateOnly_isNotTakenForThePrimary() {
    FitsException failure = refused(cards("CTYPE1A = 'LINEAR'", "CRVAL1A = 5.0"));
    assertEquals(ErrorKind.WCSLIB, failure.kind());
    assertTrue(failure.toString().contains("no primary world coordinates"), failure::getMessage);
  }

  @Test
  void parse_alternateBesideThePrimary_isThePrimary() {
    String[] both =
        Stream.concat(Arrays.stream(LINEAR), Stream.of("CRVAL1A = -1.0")).toArray(String[]::new);
    try (WcsTransform wcs = WcsTransform.parse(cards(both))) {
      assertArrayEquals(new double[] {100, 200}, wcs.pixelToWorld(new double[] {0, 10}));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "NAXIS   = 100",
        "NAXIS   =           2147483647",
        "NAXIS   = +0065536",
        "WCSAXES = 46341",
        "WCSAXESB=             99999999"
      })
  void parse_moreAxesThanKeywordsCanName_isRefused(String card) {
    assertEquals(ErrorKind.BAD_HEADER, refused(cards(card)).kind());
  }

  @Test
  void parse_lookupTable_isRefused() {
    assertEquals(ErrorKind.UNSUPPORTED, refused(sky("CTYPE1", "CTYPE1  = 'WAVE-TAB'")).kind());
  }

  @ParameterizedTest
  @ValueSource(strings = {"NAXIS   = 2", "\u5b87"})
  void parse_textThatIsNoCards_isRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> WcsTransform.parse(text).close());
  }

  @Test
  void close_twice_isHarmlessAndUseAfterwardsIsRefused() {
    WcsTransform wcs = WcsTransform.parse(cards(SKY));
    wcs.close();
    wcs.close();
    assertThrows(IllegalStateException.class, wcs::naxis);
    assertThrows(IllegalStateException.class, () -> wcs.pixelToWorld(new double[2]));
    assertThrows(IllegalStateException.class, () -> wcs.worldToPixel(new double[2]));
  }

  @Test
  void parse_inManyThreads_eachHasItsOwn() throws Exception {
    double[] pixels = {3, 4};
    double[] expected;
    try (WcsTransform wcs = WcsTransform.parse(cards(SKY))) {
      expected = wcs.pixelToWorld(pixels);
    }
    Callable<double[]> task =
        () -> {
          assertThrows(
              FitsException.class,
              () -> WcsTransform.parse(sky("CDELT2", "CDELT2  = 0.0")).close());
          try (WcsTransform wcs = WcsTransform.parse(cards(SKY))) {
            return wcs.pixelToWorld(pixels);
          }
        };
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (Future<double[]> result : threads.invokeAll(Collections.nCopies(200, task))) {
        assertArrayEquals(expected, result.get());
      }
    }
  }

  @Test
  void version_andPath_areThoseOfTheLibrary() {
    assertTrue(Wcslib.version().matches("\\d+\\.\\d+(\\.\\d+)?"), Wcslib.version());
    Path path = Path.of(Wcslib.path());
    assertTrue(path.getFileName().toString().startsWith("libwcs.so"), path::toString);
    assertTrue(Files.isRegularFile(path));
  }
}
