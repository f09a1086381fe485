package org.torchfits.zone;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Some zones of a map, one behind the other, and what is known of the values in their rows. */
public final class Zones {
  private final ZoneMap map;
  private final int first;
  private final int count;

  /**
   * @param first zone
   */
  Zones(ZoneMap map, int first, int count) {
    this.map = map;
    this.first = first;
    this.count = count;
  }

  /** Number of zones. */
  public int count() {
    return count;
  }

  /** Of a column of real numbers; null if nothing is known of any zone. */
  public @Nullable RealBounds reals(int column) {
    synchronized (map) {
      ColumnZones zones = map.column(column, ZoneKind.REAL);
      return zones == null
          ? null
          : new RealBounds(reals(zones.low), reals(zones.high), part(zones.nulls));
    }
  }

  /** Of a column of integers, or of logical values as 0 and 1; null likewise. */
  public @Nullable IntegerBounds integers(int column) {
    synchronized (map) {
      ColumnZones zones = map.column(column, ZoneKind.INTEGER);
      return zones == null
          ? null
          : new IntegerBounds(part(zones.low), part(zones.high), part(zones.nulls));
    }
  }

  /**
   * Which zones may have points in a region; null if nothing is known of any.
   *
   * @param lon column of longitudes in degrees
   * @param lat column of latitudes in degrees
   */
  public boolean @Nullable [] touching(int lon, int lat, SkyRegion region) {
    synchronized (map) {
      ColumnZones zones = map.column(ZoneFold.pair(lon, lat), ZoneKind.SKY);
      if (zones == null) {
        return null;
      }
      boolean[] touching = new boolean[count];
      int words = ZoneKind.SKY.lowWords();
      for (int i = 0; i < count; i++) {
        int zone = first + i;
        touching[i] = SkyFold.touches(zones.nulls[zone], zones.low, zone * words, region);
      }
      return touching;
    }
  }

  /** Of which zones something is known of the values of a column. */
  public boolean[] known(int column) {
    boolean[] known = new boolean[count];
    synchronized (map) {
      ColumnZones zones = map.columns().get(column);
      for (int i = 0; i < count; i++) {
        known[i] = zones != null && zones.isKnown(first + i);
      }
    }
    return known;
  }

  private int[] part(int[] numbers) {
    return Arrays.copyOfRange(numbers, first, first + count);
  }

  private long[] part(long[] numbers) {
    return Arrays.copyOfRange(numbers, first, first + count);
  }

  private double[] reals(long[] orders) {
    double[] reals = new double[count];
    for (int i = 0; i < count; i++) {
      reals[i] = FoldKernels.number(orders[first + i]);
    }
    return reals;
  }
}
