package org.torchfits.zone;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is found of some rows of one zone while a condition is evaluated for them. Of one thread. A
 * column may be given several times for the same rows, or not at all.
 */
public final class ZoneFold {
  /** The most that a table has (FITS 4.0, section 7.2.1). */
  private static final int MOST_COLUMNS = 999;

  private final int zone;
  private final Set<Integer> known;

  /** By index, or what {@link #pair} makes of two. */
  private final Map<Integer, ColumnFold> columns = new HashMap<>();

  private int group;
  private int rows;

  /**
   * @param known columns of which nothing needs to be found
   */
  ZoneFold(int zone, Set<Integer> known) {
    this.zone = zone;
    this.known = known;
  }

  int zone() {
    return zone;
  }

  int rows() {
    return rows;
  }

  Map<Integer, ColumnFold> columns() {
    return columns;
  }

  /** Goes on to the next rows: what is added from now on is of these. */
  public void next(int count) {
    group++;
    rows += count;
  }

  /** Adds the numbers of a column; a NaN is none. */
  public void addReals(int column, double[] values, int n) {
    NumberFold fold = numbers(column, ZoneKind.REAL);
    if (fold != null) {
      fold.addReals(values, n);
    }
  }

  /**
   * Adds the integers of a column.
   *
   * @param nulls 1 where there is no value, else 0
   */
  public void addIntegers(int column, long[] values, byte[] nulls, int n) {
    NumberFold fold = numbers(column, ZoneKind.INTEGER);
    if (fold != null) {
      fold.addIntegers(values, nulls, n);
    }
  }

  /**
   * Adds the logical values of a column.
   *
   * @param truths 0 for false, 3 for true, 1 for no value
   */
  public void addTruths(int column, byte[] truths, int n) {
    NumberFold fold = numbers(column, ZoneKind.INTEGER);
    if (fold != null) {
      fold.addTruths(truths, n);
    }
  }

  /**
   * Adds the points of two columns, in degrees; what is no point of the sphere is none.
   *
   * @param lon column of the longitudes
   * @param lat column of the latitudes
   */
  public void addPoints(int lon, int lat, double[] lons, double[] lats, int n) {
    int pair = pair(lon, lat);
    if (isWanted(pair)) {
      ColumnFold fold = columns.computeIfAbsent(pair, _ -> new SkyFold());
      if (isDue(fold) && fold instanceof SkyFold sky) {
        sky.addPoints(lons, lats, n);
      }
    }
  }

  /** What stands for two columns among the indices of columns. */
  static int pair(int lon, int lat) {
    return -1 - (lon * MOST_COLUMNS + lat);
  }

  /** Where to add the rows at hand; null if they are there or not wanted. */
  private @Nullable NumberFold numbers(int column, ZoneKind kind) {
    if (!isWanted(column)) {
      return null;
    }
    ColumnFold fold = columns.computeIfAbsent(column, _ -> new NumberFold(kind));
    return isDue(fold) && fold instanceof NumberFold numbers ? numbers : null;
  }

  private boolean isWanted(int column) {
    return !known.contains(column);
  }

  /** Whether the rows at hand were not added yet; from now on they are. */
  private boolean isDue(ColumnFold fold) {
    boolean isDue = fold.group != group;
    fold.group = group;
    return isDue;
  }

  /** What was found of other rows of the zone is found here as well. */
  void add(ZoneFold other) {
    other.columns.forEach((column, found) ->
        columns.merge(
            column,
            found,
            (mine, theirs) -> {
              mine.add(theirs);
              return mine;
            }));
    rows += other.rows;
  }
}
