package org.torchfits.table;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.torchfits.source.FileIdentity;
import org.torchfits.zone.ZoneFold;
import org.torchfits.zone.ZoneMap;
import org.torchfits.zone.ZoneMaps;
import org.torchfits.zone.ZoneRecorder;

/**
 * The rows for which a condition is evaluated: the wanted ones, without those of zones in which it
 * cannot be true. What is found of them meanwhile goes into the zone map of the table.
 *
 * <p>Only a large table of a file that did not change just now has a map, and only rows that follow
 * each other are looked up in it.
 */
final class ScannedRows {
  /** A smaller table is scanned in the time that it takes to read a map. */
  private static final long LEAST_BYTES = 8 << 20;

  /** A map, and what belongs to it while rows are read. */
  private record Mapped(ZoneMaps maps, ZoneMaps.Key key, ZoneMap map, ZoneRecorder recorder) {}

  private final TableLayout table;
  private final Rows rows;
  private final Predicate predicate;
  private final @Nullable Mapped zones;

  private ScannedRows(TableLayout table, Rows rows, Predicate predicate, @Nullable Mapped zones) {
    this.table = table;
    this.rows = rows;
    this.predicate = predicate;
    this.zones = zones;
  }

  /**
   * The rows of a file.
   *
   * @param rows that are wanted
   * @param maps of tables
   */
  static ScannedRows of(TableFile file, Rows rows, Predicate predicate, ZoneMaps maps) {
    TableLayout table = file.layout();
    FileIdentity identity = file.settledIdentity();
    // The layout was made only because this product is one.
    boolean isLarge = table.rows() * table.rowBytes() >= LEAST_BYTES;
    if (identity == null || rows.step() != 1 || rows.count() == 0 || !isLarge) {
      return new ScannedRows(table, rows, predicate, null);
    }
    var key = new ZoneMaps.Key(identity, file.hdu(), table.rows(), table.rowBytes());
    ZoneMap map = maps.of(key);
    Mapped zones = new Mapped(maps, key, map, new ZoneRecorder(map));
    return new ScannedRows(table, rows, predicate, zones);
  }

  /** The wanted rows. */
  Rows rows() {
    return rows;
  }

  /** The condition. */
  Predicate predicate() {
    return predicate;
  }

  /** The table that they are of. */
  TableLayout table() {
    return table;
  }

  /** The columns that the condition names. */
  List<Column> columns() {
    return predicate.columnsOf(table);
  }

  /**
   * The rows in pieces, none of which has rows of two zones.
   *
   * @param most rows of a piece
   */
  RowPieces pieces(int most) {
    RowPieces pieces = new RowPieces();
    if (zones == null) {
      pieces.add(0, rows.count(), most);
      return pieces;
    }
    long begin = rows.row(0);
    int zoneRows = zones.map.zoneRows();
    int first = (int) (begin / zoneRows);
    int end = (int) Math.ceilDiv(rows.end(), zoneRows);
    boolean[] concerned = predicate.mayConcern(table, zones.map.zones(first, end));
    for (int zone = first; zone < end; zone++) {
      if (concerned[zone - first]) {
        long start = (long) zone * zoneRows - begin;
        pieces.add(Math.max(start, 0), Math.min(start + zoneRows, rows.count()), most);
      }
    }
    return pieces;
  }

  /**
   * What is to be found of a piece; null if nothing is.
   *
   * @param first of its rows, of the wanted ones
   */
  @Nullable ZoneFold begin(long first) {
    if (zones == null) {
      return null;
    }
    int zone = (int) (rows.row(first) / zones.map.zoneRows());
    long start = (long) zone * zones.map.zoneRows();
    boolean isWhole = rows.row(0) <= start && rows.end() >= start + zones.map.rowsOf(zone);
    return isWhole ? zones.recorder.begin(zone) : null;
  }

  /** Takes over what was found of a piece. */
  void end(@Nullable ZoneFold found) {
    if (found != null && zones != null) {
      zones.recorder.add(found);
    }
  }

  /** Keeps what was found for the next read, once all pieces are done. */
  void keep() {
    if (zones != null) {
      zones.maps.keep(zones.key, zones.map);
    }
  }
}
