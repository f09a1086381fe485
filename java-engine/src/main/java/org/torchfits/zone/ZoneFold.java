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
  private final int zone;
  private final Set<Integer> known;
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
    ColumnFold fold = due(column, ZoneKind.REAL);
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
    ColumnFold fold = due(column, ZoneKind.INTEGER);
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
    ColumnFold fold = due(column, ZoneKind.INTEGER);
    if (fold != null) {
      fold.addTruths(truths, n);
    }
  }

  /**
   * Where to add the rows at hand; null if they were added already or nothing is wanted of them.
   */
  private @Nullable ColumnFold due(int column, ZoneKind kind) {
    if (known.contains(column)) {
      return null;
    }
    ColumnFold fold = columns.computeIfAbsent(column, _ -> new ColumnFold(kind));
    if (fold.group == group) {
      return null;
    }
    fold.group = group;
    return fold;
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
