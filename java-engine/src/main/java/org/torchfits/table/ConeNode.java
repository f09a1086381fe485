package org.torchfits.table;

import org.jspecify.annotations.Nullable;
import org.torchfits.table.Evaluation.RealNode;
import org.torchfits.table.Evaluation.TruthNode;
import org.torchfits.zone.RealBounds;
import org.torchfits.zone.SkyRegion;
import org.torchfits.zone.Zones;

/** Whether points lie in a circle on the sky. */
record ConeNode(Cone cone, RealNode ra, RealNode dec) implements TruthNode {
  @Override
  public byte[] of(Evaluation e) {
    double[] ras = ra.of(e);
    double[] decs = dec.of(e);
    if (ra instanceof ColumnNodes.Reals(int lon) && dec instanceof ColumnNodes.Reals(int lat)) {
      e.notePoints(lon, lat, ras, decs);
    }
    byte[] truths = e.borrowTruths();
    cone.contains(ras, decs, truths, e.count());
    e.giveBack(ras);
    e.giveBack(decs);
    return truths;
  }

  /** In zones that lie apart from the circle, in one way or another, no point is inside. */
  @Override
  public byte[] possible(Zones zones) {
    byte[] sets = Possible.same(Possible.ANY, zones.count());
    RealBounds ras = ra.bounds(zones);
    RealBounds decs = dec.bounds(zones);
    boolean[] touching = touching(zones);
    for (int i = 0; i < sets.length; i++) {
      boolean isApart =
          (touching != null && !touching[i])
              || liesApart(ras, i, cone::hasRaWithin)
              || liesApart(decs, i, cone::hasDecWithin);
      sets[i] = isApart ? Possible.FALSE | Possible.UNKNOWN : Possible.ANY;
    }
    return sets;
  }

  /** Whether the circle has coordinates between two bounds. */
  private interface Overlap {
    boolean test(double low, double high);
  }

  private static boolean liesApart(@Nullable RealBounds bounds, int zone, Overlap overlap) {
    return bounds != null
        && bounds.nulls()[zone] >= 0
        && !overlap.test(bounds.low()[zone], bounds.high()[zone]);
  }

  private boolean @Nullable [] touching(Zones zones) {
    SkyRegion region = cone.region();
    return region != null
            && ra instanceof ColumnNodes.Reals(int lon)
            && dec instanceof ColumnNodes.Reals(int lat)
        ? zones.touching(lon, lat, region)
        : null;
  }
}
