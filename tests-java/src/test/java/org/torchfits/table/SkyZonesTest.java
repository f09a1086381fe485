package org.torchfits.table;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.torchfits.header.FitsBytes.card;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.header.FitsBytes;
import org.torchfits.source.CacheFolder;
import org.torchfits.source.FileIdentity;
import org.torchfits.zone.ZoneMaps;

/** Circles on the sky with zone maps of tables in several orders, against those without. */
class SkyZonesTest {
  private static final int ROWS = 300_000;
  private static final int ROW_BYTES = 32;
  private static final int ZONE_ROWS = 8192;

  private static double[][] points = {};

  private final ZoneMaps maps = new ZoneMaps(1 << 22, new CacheFolder(null, 0));

  @BeforeAll
  static void makePoints() {
    Random random = new Random(3);
    points = new double[ROWS][];
    for (int i = 0; i < ROWS; i++) {
      double dec = Math.toDegrees(Math.asin(2 * random.nextDouble() - 1));
      points[i] = new double[] {360 * random.nextDouble(), dec};
    }
  }

  /** A table of points in an order, some of them odd. */
  private static ZonedSource[] table(String order) {
    double[][] sorted = points.clone();
    switch (order) {
      case "dec" -> Arrays.sort(sorted, Comparator.comparingDouble(point -> point[1]));
      case "ra" -> Arrays.sort(sorted, Comparator.comparingDouble(point -> point[0]));
      case "squares" -> Arrays.sort(sorted, Comparator.comparingInt(SkyZonesTest::square));
      default -> {}
    }
    ByteBuffer rows = ByteBuffer.allocate(ROWS * ROW_BYTES);
    for (int row = 0; row < ROWS; row++) {
      double ra = sorted[row][0];
      double dec = sorted[row][1];
      double turns = row % 50_000 < 20 ? 360 * (row % 5 - 2) : 0;
      rows.position(row * ROW_BYTES);
      rows.putDouble(row % 997 == 0 ? Double.NaN : ra + turns);
      rows.putDouble(row % 50_000 == 25 ? 91 : row == 77 ? 90 : dec);
    }
    byte[] bytes =
        new FitsBytes().header(FitsBytes.primary(8)).header(CARDS).data(rows.array()).toBytes();
    FileIdentity identity = new FileIdentity(1, order.hashCode(), 3, 4, 5);
    return new ZonedSource[] {new ZonedSource(bytes, null), new ZonedSource(bytes, identity)};
  }

  private static final String[] CARDS = {
    "XTENSION= 'BINTABLE'",
    card("BITPIX", 8),
    card("NAXIS", 2),
    card("NAXIS1", ROW_BYTES),
    card("NAXIS2", ROWS),
    card("PCOUNT", 0),
    card("GCOUNT", 1),
    card("TFIELDS", 3),
    "TTYPE1  = 'RA      '",
    "TFORM1  = 'D       '",
    "TTYPE2  = 'DEC     '",
    "TFORM2  = 'D       '",
    "TFORM3  = '16B     '"
  };

  private static int square(double[] point) {
    int row = (int) ((point[1] + 90) / 10);
    return row * 36 + (int) (point[0] / 10);
  }

  private static String circle(Random random) {
    double ra = random.nextInt(4) == 0 ? random.nextInt(5) - 2 : 720 * random.nextDouble() - 180;
    double dec = random.nextInt(4) == 0 ? 90 : 180 * random.nextDouble() - 90;
    double sign = random.nextBoolean() ? 1 : -1;
    double radius = Math.pow(10, 5 * random.nextDouble() - 3);
    return "cone(RA, DEC, " + ra + ", " + sign * dec + ", " + Math.min(180, radius) + ")";
  }

  @ParameterizedTest
  @ValueSource(strings = {"dec", "ra", "squares", "none"})
  void cone_anyOrder_findsWhatOneWithoutMapFinds(String order) {
    ZonedSource[] table = table(order);
    Random random = new Random(order.hashCode());
    for (int i = 0; i < 60; i++) {
      String circle = i == 0 ? "cone(RA, DEC, 0, 0, 180)" : circle(random);
      String condition = i % 5 == 4 ? "not " + circle : circle;
      long[] expected = Scans.found(table[0], condition, "::", maps);
      assertArrayEquals(expected, Scans.found(table[1], condition, "::", maps), condition);
    }
  }

  /** A zone of the table in squares has points of two or three squares of ten degrees. */
  @ParameterizedTest
  @ValueSource(strings = {"dec", "ra", "squares"})
  void cone_sortedTable_readsFewZones(String order) {
    ZonedSource source = table(order)[1];
    Scans.found(source, "cone(RA, DEC, 0, 0, 180)", "::", maps);
    for (double ra : new double[] {0.01, 123.4, 359.9}) {
      long before = source.bytesRead();
      Scans.found(source, "cone(RA, DEC, " + ra + ", 5, 1)", "::", maps);
      long zones = (source.bytesRead() - before) / (ZONE_ROWS * ROW_BYTES);
      assertTrue(zones <= 8, zones + " of 37 zones");
    }
  }
}
