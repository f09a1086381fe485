package org.torchfits.zone;

import java.util.Arrays;

/**
 * Which cells of the sky the points of some rows lie in: a few, of the finest order at which they
 * are few. Points far and wide lie everywhere, and are not looked at any longer.
 *
 * <p>A point is moved to the middle of a small square first, so that many have the same one and are
 * recognised without any trigonometry.
 */
final class SkyFold extends ColumnFold {
  static final int FINEST_ORDER = 8;

  /** Of cells, in the longs of a zone. */
  static final int MOST_CELLS = 16;

  /** In the place of the order. */
  static final int EVERYWHERE = 15;

  private static final int COARSEST_ORDER = 2;

  private static final int SQUARES_OF_DEGREE = 32;
  private static final int SQUARES_OF_CIRCLE = 360 * SQUARES_OF_DEGREE;

  /** How far a point may be moved, in degrees, and a little more. */
  static final double LARGEST_SHIFT = 0.75 / SQUARES_OF_DEGREE;

  private static final int RECENT = 256;
  private static final int GOLDEN = 0x9E3779B1;

  private final int[] cells = new int[MOST_CELLS + 1];
  private int count;
  private int order = FINEST_ORDER;

  /** Squares whose cells are there. */
  private final int[] recent = new int[RECENT];

  SkyFold() {
    super(ZoneKind.SKY);
    Arrays.fill(recent, -1);
  }

  /** Adds points in degrees; what is no point of the sphere is none. */
  void addPoints(double[] lons, double[] lats, int n) {
    for (int i = 0; i < n && order != EVERYWHERE; i++) {
      double lon = lons[i];
      double lat = lats[i];
      if (lon >= 0 && lon < 360 && Math.abs(lat) <= 90) {
        addSquare(square(lon, lat));
      } else if (Double.isFinite(lon) && Math.abs(lat) <= 90) {
        addOutside(lon, lat);
      }
    }
    rows += n;
    nulls = order << 8 | count;
  }

  private void addOutside(double lon, double lat) {
    // Of large numbers of turns not much is left behind the point.
    double turned = Math.abs(lon) < 1e6 ? lon - 360 * Math.floor(lon / 360) : Double.NaN;
    if (turned >= 0 && turned < 360) {
      addSquare(square(turned, lat));
    } else {
      order = EVERYWHERE;
      count = 0;
    }
  }

  private static int square(double lon, double lat) {
    int row = (int) ((lat + 90) * SQUARES_OF_DEGREE);
    return row * SQUARES_OF_CIRCLE + (int) (lon * SQUARES_OF_DEGREE);
  }

  private void addSquare(int square) {
    int slot = (square * GOLDEN) >>> 24;
    if (recent[slot] == square) {
      return;
    }
    recent[slot] = square;
    double lon = (square % SQUARES_OF_CIRCLE + 0.5) / SQUARES_OF_DEGREE;
    int row = square / SQUARES_OF_CIRCLE;
    double lat = (row + 0.5) / SQUARES_OF_DEGREE - 90;
    addCell(FINEST_ORDER, Healpix.cell(FINEST_ORDER, lon, Math.min(lat, 90)));
  }

  /**
   * @param fine order that is not coarser than that of the others
   */
  private void addCell(int fine, int fineCell) {
    int cell = fineCell >> (2 * (fine - order));
    int found = Arrays.binarySearch(cells, 0, count, cell);
    if (found >= 0) {
      return;
    }
    int at = -1 - found;
    System.arraycopy(cells, at, cells, at + 1, count - at);
    cells[at] = cell;
    count++;
    while (count > MOST_CELLS) {
      coarsen();
    }
  }

  private void coarsen() {
    if (order == COARSEST_ORDER) {
      order = EVERYWHERE;
      count = 0;
      return;
    }
    order--;
    int kept = 0;
    for (int i = 0; i < count; i++) {
      int cell = cells[i] >> 2;
      if (kept == 0 || cells[kept - 1] != cell) {
        cells[kept++] = cell;
      }
    }
    count = kept;
  }

  @Override
  void copyLow(long[] into, int at) {
    for (int i = 0; i < MOST_CELLS; i += 2) {
      into[at + i / 2] = (long) cells[i] << 32 | cells[i + 1];
    }
  }

  @Override
  void copyHigh(long[] into, int at) {}

  @Override
  void add(ColumnFold other) {
    SkyFold sky = (SkyFold) other;
    while (order > sky.order && order != EVERYWHERE) {
      coarsen();
    }
    if (sky.order == EVERYWHERE) {
      order = EVERYWHERE;
      count = 0;
    }
    for (int i = 0; i < sky.count && order != EVERYWHERE; i++) {
      addCell(sky.order, sky.cells[i]);
    }
    rows += other.rows;
    nulls = order << 8 | count;
  }

  /**
   * Whether what was found of a zone touches a region.
   *
   * @param nulls as it was found
   * @param low where the cells of the zone begin
   */
  static boolean touches(int nulls, long[] low, int at, SkyRegion region) {
    int order = nulls >> 8;
    if (nulls < 0 || order > FINEST_ORDER) {
      return true;
    }
    int count = Math.min(nulls & 0xFF, MOST_CELLS);
    for (int i = 0; i < count; i++) {
      long two = low[at + i / 2];
      if (region.touches(order, (int) (i % 2 == 0 ? two >> 32 : two))) {
        return true;
      }
    }
    return false;
  }
}
