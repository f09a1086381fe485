package org.torchfits.zone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Against numbers of astropy-healpix 2.0.1, and what holds for all cells. */
class HealpixTest {
  private static final double[][] POINTS = {
    {0.3, 0.2},
    {0.1, 41.7},
    {44.7, 41.9},
    {89.93, -41.7},
    {90.2, 41.95},
    {359.97, -0.21},
    {123.4, 89.97},
    {200.5, -89.9},
    {271.3, 66.6},
    {180.3, -66.6},
    {314.15, 12.34},
    {44.1, 89.4},
    {10.7, -89.2},
    {266.4, -29.02},
    {83.82, -5.39}
  };
  private static final int[][] CELLS = {
    {4, 0, 0, 5, 1, 4, 1, 10, 3, 10, 3, 0, 8, 7, 5},
    {282, 42, 37, 320, 106, 271, 127, 640, 250, 650, 195, 63, 512, 450, 334},
    {
      289451, 43690, 38231, 327680, 109227, 278527, 131071, 655360, 256684, 666280, 199838, 65532,
      524298, 461282, 343034
    }
  };
  private static final int[] ORDERS = {0, 3, 8};
  private static final double[][] MIDDLES = {
    {0, 0, 45.0, 41.810314896},
    {0, 5, 90.0, 0.0},
    {0, 11, 315.0, -41.810314896},
    {3, 0, 45.0, 4.780191847},
    {3, 300, 337.5, 4.780191847},
    {3, 767, 315.0, -4.780191847},
    {8, 12345, 44.82421875, 21.38194258},
    {8, 500000, 238.359375, -6.429418463},
    {8, 786431, 315.0, -0.149207928},
    {8, 262144, 0.0, -41.610443089}
  };

  @Test
  void cell_points_areThoseOfAstropyHealpix() {
    for (int i = 0; i < ORDERS.length; i++) {
      for (int point = 0; point < POINTS.length; point++) {
        int cell = Healpix.cell(ORDERS[i], POINTS[point][0], POINTS[point][1]);
        assertEquals(CELLS[i][point], cell, "order " + ORDERS[i] + ", point " + point);
      }
    }
  }

  @Test
  void middle_cells_areThoseOfAstropyHealpix() {
    for (double[] expected : MIDDLES) {
      double[] middle = Healpix.middle((int) expected[0], (int) expected[1]);
      assertEquals(expected[2], middle[0], 1e-8);
      assertEquals(expected[3], middle[1], 1e-8);
    }
  }

  @Test
  void cell_middleOfAny_isThat() {
    for (int order = 0; order <= 6; order++) {
      for (int cell = 0; cell < 12 << (2 * order); cell++) {
        double[] middle = Healpix.middle(order, cell);
        assertEquals(cell, Healpix.cell(order, middle[0], middle[1]));
      }
    }
  }

  @Test
  void radius_anyPoint_isNotFartherFromTheMiddle() {
    Random random = new Random(5);
    double[] farthest = new double[9];
    for (int i = 0; i < 200_000; i++) {
      double lon = 360 * random.nextDouble();
      double lat = Math.toDegrees(Math.asin(2 * random.nextDouble() - 1));
      for (int order = 0; order < farthest.length; order++) {
        double[] middle = Healpix.middle(order, Healpix.cell(order, lon, lat));
        double distance = Healpix.distance(lon, lat, middle[0], middle[1]);
        farthest[order] = Math.max(farthest[order], distance / Healpix.radius(order));
      }
    }
    for (double part : farthest) {
      assertTrue(part <= 1 && part > 0.9, "of the radius: " + part);
    }
  }

  @Test
  void touches_pointsOfTheCircle_areInItsRegion() {
    Random random = new Random(6);
    for (int i = 0; i < 300; i++) {
      double lon = 360 * random.nextDouble();
      double lat = i % 3 == 0 ? 90 - i / 100.0 : 180 * random.nextDouble() - 90;
      double radius = Math.pow(10, 5 * random.nextDouble() - 3);
      SkyRegion region = new SkyRegion(lon, lat, Math.min(radius, 90));
      for (int point = 0; point < 200; point++) {
        double otherLon = lon + (random.nextDouble() - 0.5) * Math.min(360, 8 * radius);
        double otherLat = Math.clamp(lat + (random.nextDouble() - 0.5) * 2 * radius, -90, 90);
        otherLon -= 360 * Math.floor(otherLon / 360);
        boolean isInside = Healpix.distance(lon, lat, otherLon, otherLat) <= Math.min(radius, 90);
        int order = random.nextInt(SkyFold.FINEST_ORDER + 1);
        int cell = Healpix.cell(order, otherLon, otherLat);
        assertTrue(!isInside || region.touches(order, cell), lon + " " + lat + " " + radius);
      }
    }
  }
}
