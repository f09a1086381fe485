package org.torchfits.zone;

import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a table's rows, zone by zone: each zone is a block of rows, the last one may be
 * shorter.
 *
 * <p>Safe for use by several threads.
 */
public final class ZoneMap {
  /** About the bytes of a zone: what one thread reads at a time. */
  private static final long ZONE_BYTES = 256 << 10;

  private static final long LEAST_ROWS = 1 << 10;

  private static final long MOST_ROWS = 32 << 10;

  /** Zones of a larger table are larger. */
  private static final int MOST_ZONES = 1 << 16;

  /** Beyond it the columns go that were used longest ago. */
  private static final long MOST_BYTES = 8 << 20;

  /** The part of what was written that is worth being written again. */
  private static final long LEAST_NEWS = 8;

  private final long rows;
  private final int zoneRows;

  /** By index, the one that was used last at the end. */
  private final Map<Integer, ColumnZones> columns = new LinkedHashMap<>(8, 0.75f, true);

  private long bytes;

  /** Zones of columns that were noted since the map was last written. */
  private long noted;

  /** Likewise, before that. */
  private long written;

  /** Whether a column was completed since. */
  private boolean hasCompleted;

  /**
   * A map of which nothing is known.
   *
   * @param zoneRows as {@link #zoneRows} has it
   */
  ZoneMap(long rows, int zoneRows) {
    this.rows = rows;
    this.zoneRows = zoneRows;
  }

  /** How many rows are a zone. */
  static int zoneRows(long rows, long rowBytes) {
    long fitting = Math.clamp(ZONE_BYTES / Math.max(1, rowBytes), LEAST_ROWS, MOST_ROWS);
    long zoneRows = Long.highestOneBit(fitting);
    while (Math.ceilDiv(rows, zoneRows) > MOST_ZONES) {
      zoneRows *= 2;
    }
    return Math.toIntExact(zoneRows);
  }

  /** How many rows a zone has; the last one may have fewer. */
  public int zoneRows() {
    return zoneRows;
  }

  /** Number of zones. */
  public int zones() {
    return (int) Math.ceilDiv(rows, zoneRows);
  }

  long rows() {
    return rows;
  }

  /** Number of rows of one zone. */
  public int rowsOf(int zone) {
    return (int) Math.min(zoneRows, rows - (long) zone * zoneRows);
  }

  /**
   * Some zones, one behind the other.
   *
   * @param end behind the last one
   */
  public Zones zones(int first, int end) {
    return new Zones(this, first, end - first);
  }

  /** A column of that kind. Guarded by the lock. */
  @Nullable ColumnZones column(int index, ZoneKind kind) {
    ColumnZones column = columns.get(index);
    return column == null || column.kind != kind ? null : column;
  }

  /** Columns of which a zone is known. */
  synchronized Set<Integer> known(int zone) {
    Set<Integer> known = new HashSet<>();
    columns.forEach((index, column) -> {
      if (column.isKnown(zone)) {
        known.add(index);
      }
    });
    return known;
  }

  /** Notes what was found of a zone, of those columns that were seen in all of its rows. */
  synchronized void note(ZoneFold found) {
    found
        .columns()
        .forEach((index, fold) -> {
          if (fold.rows == rowsOf(found.zone())) {
            note(index, found.zone(), fold);
          }
        });
  }

  private void note(int index, int zone, ColumnFold fold) {
    ColumnZones column = columns.get(index);
    if (column == null || column.kind != fold.kind) {
      column = new ColumnZones(fold.kind, zones());
      put(index, column);
    }
    column.note(zone, fold);
    noted++;
    hasCompleted |= column.known == zones();
  }

  /**
   * Whether so much was noted that the map is worth being written again: a column is complete, or
   * what is new is not little beside what was written. So a table that is scanned in many parts is
   * not written once for each. The caller writes it then.
   */
  synchronized boolean takeNews() {
    if (!hasCompleted && noted <= written / LEAST_NEWS) {
      return false;
    }
    written += noted;
    noted = 0;
    hasCompleted = false;
    return true;
  }

  /** The columns of which something is known. */
  synchronized Map<Integer, ColumnZones> columns() {
    return Map.copyOf(columns);
  }

  synchronized long bytes() {
    return bytes;
  }

  /** Takes a column over that was written before. */
  synchronized void load(int index, ColumnZones column) {
    put(index, column);
    written += column.known;
  }

  /** Drops others beyond the bound. */
  private void put(int index, ColumnZones column) {
    ColumnZones former = columns.put(index, column);
    bytes += column.bytes() - (former == null ? 0 : former.bytes());
    Iterator<ColumnZones> eldest = columns.values().iterator();
    while (bytes > MOST_BYTES && columns.size() > 1) {
      bytes -= eldest.next().bytes();
      eldest.remove();
    }
  }
}
