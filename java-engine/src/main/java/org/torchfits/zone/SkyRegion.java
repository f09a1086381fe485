package org.torchfits.zone;

import java.util.Arrays;

/** A circle on the sky as ranges of cells that cover it, and a margin around it. */
public final class SkyRegion {
  /** Smaller cells than this part of the radius are not told apart. */
  private static final double FINEST_PART = 1.0 / 16;

  private final double lon;
  private final double lat;
  private final double radius;
  private int[] begins = new int[16];
  private int[] ends = new int[16];
  private int ranges;

  /**
   * All in degrees.
   *
   * @param lat from -90 to 90
   * @param radius from 0 to 180
   */
  public SkyRegion(double lon, double lat, double radius) {
    this.lon = lon;
    this.lat = lat;
    this.radius = radius + SkyFold.LARGEST_SHIFT;
    for (int cell = 0; cell < Healpix.BASE_CELLS; cell++) {
      add(0, cell);
    }
  }

  private void add(int order, int cell) {
    double[] middle = Healpix.middle(order, cell);
    double reach = Healpix.radius(order) * 1.01;
    if (Healpix.distance(lon, lat, middle[0], middle[1]) > radius + reach) {
      return;
    }
    if (order == SkyFold.FINEST_ORDER || reach < radius * FINEST_PART) {
      int shift = 2 * (SkyFold.FINEST_ORDER - order);
      addRange(cell << shift, (cell + 1) << shift);
      return;
    }
    for (int part = 0; part < 4; part++) {
      add(order + 1, 4 * cell + part);
    }
  }

  private void addRange(int begin, int end) {
    if (ranges > 0 && ends[ranges - 1] == begin) {
      ends[ranges - 1] = end;
      return;
    }
    if (ranges == begins.length) {
      begins = Arrays.copyOf(begins, 2 * ranges);
      ends = Arrays.copyOf(ends, 2 * ranges);
    }
    begins[ranges] = begin;
    ends[ranges++] = end;
  }

  /** Whether a cell has a part of the region. */
  boolean touches(int order, int cell) {
    int shift = 2 * (SkyFold.FINEST_ORDER - order);
    int begin = cell << shift;
    int end = (cell + 1) << shift;
    int found = Arrays.binarySearch(ends, 0, ranges, begin + 1);
    int next = found < 0 ? -1 - found : found;
    return next < ranges && begins[next] < end;
  }
}
