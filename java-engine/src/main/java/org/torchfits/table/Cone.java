package org.torchfits.table;

import org.jspecify.annotations.Nullable;
import org.torchfits.zone.SkyRegion;

/**
 * A circle on the sky: the points that are no farther from its centre than the radius. Found by the
 * haversine of the distance, which is exact for small ones and knows neither poles nor a meridian
 * where angles begin again. A circle beyond a hemisphere is what a smaller one around the opposite
 * point leaves.
 */
final class Cone {
  private final double ra;
  private final double dec;
  private final double radius;
  private final double cosDec;
  private final double limit;
  private final boolean outside;
  private final double low;
  private final double high;

  /**
   * @param ra of the centre, in degrees, as all are
   * @param dec from -90 to 90
   * @param radius from 0
   */
  Cone(double ra, double dec, double radius) {
    outside = radius > 90;
    this.ra = outside ? ra + 180 : ra;
    this.dec = outside ? -dec : dec;
    this.radius = radius;
    double own = outside ? Math.max(180 - radius, 0) : radius;
    cosDec = Math.cos(Math.toRadians(dec));
    double half = Math.sin(Math.toRadians(own) / 2);
    limit = half * half;
    // Declinations that rounding cannot bring into the circle.
    low = this.dec - own - 1e-9;
    high = this.dec + own + 1e-9;
  }

  /** Which points are within; unknown for those that have a NaN or are none. */
  void contains(double[] ras, double[] decs, byte[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = truth(ras[i], decs[i]);
    }
  }

  private byte truth(double pointRa, double pointDec) {
    // Also catches a NaN.
    if (!Double.isFinite(pointRa) || !(Math.abs(pointDec) <= 90)) {
      return Truth.UNKNOWN;
    }
    if (pointDec < low || pointDec > high) {
      return Truth.of(outside);
    }
    double square = haversine(pointRa, pointDec);
    return Truth.of(outside ? square >= limit : square <= limit);
  }

  /** The circle; null for one beyond a hemisphere. */
  @Nullable SkyRegion region() {
    return outside ? null : new SkyRegion(ra, dec, radius);
  }

  /** Whether points may be inside whose declinations have these bounds. */
  boolean hasDecWithin(double lowest, double highest) {
    return outside || (highest >= low && lowest <= high);
  }

  /** Likewise, right ascensions; a few turns make no difference. */
  boolean hasRaWithin(double lowest, double highest) {
    // So near to a pole, or so many turns away, any of them may be.
    if (outside || Math.abs(dec) + radius > 89.9 || !(lowest > -1e6 && highest < 1e6)) {
      return true;
    }
    double width = Math.asin(Math.sin(Math.toRadians(radius)) / cosDec);
    double reach = Math.toDegrees(width) + 1e-6;
    double center = ra % 360;
    double turns = Math.floor((highest - center + reach) / 360);
    return center + turns * 360 >= lowest - reach;
  }

  private double haversine(double pointRa, double pointDec) {
    double height = Math.sin(Math.toRadians(pointDec - dec) / 2);
    double width = Math.sin(Math.toRadians(pointRa - ra) / 2);
    return height * height + cosDec * Math.cos(Math.toRadians(pointDec)) * width * width;
  }
}
