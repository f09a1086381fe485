package org.torchfits.zone;

/**
 * Cells of equal area on the sphere, in the NESTED scheme (Górski et al. 2005, ApJ 622, 759):
 * twelve of order 0, each of which has four of the next order, and so on.
 */
final class Healpix {
  /** Cells of the first order. */
  static final int BASE_CELLS = 12;

  private static final int[] RINGS = {2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4};
  private static final int[] LONGITUDES = {1, 3, 5, 7, 0, 2, 4, 6, 1, 3, 5, 7};

  private Healpix() {}

  /**
   * The cell of a point.
   *
   * @param order up to 13
   * @param lon in degrees, from 0 to 360
   * @param lat in degrees
   */
  static int cell(int order, double lon, double lat) {
    int side = 1 << order;
    double z = Math.sin(Math.toRadians(lat));
    double quarter = lon / 90 % 4;
    return Math.abs(z) <= 2.0 / 3
        ? equatorialCell(order, side, z, quarter)
        : polarCell(order, side, z, quarter);
  }

  private static int equatorialCell(int order, int side, double z, double quarter) {
    int up = (int) (side * (0.5 + quarter) - side * z * 0.75);
    int down = (int) (side * (0.5 + quarter) + side * z * 0.75);
    int upFace = up >> order;
    int downFace = down >> order;
    int polarFace = upFace < downFace ? upFace : downFace + 8;
    int face = upFace == downFace ? upFace | 4 : polarFace;
    return cell(order, face, down & (side - 1), side - (up & (side - 1)) - 1);
  }

  private static int polarCell(int order, int side, double z, double quarter) {
    int face = Math.min(3, (int) quarter);
    double part = quarter - face;
    double rings = side * Math.sqrt(3 * (1 - Math.abs(z)));
    int up = Math.min((int) (part * rings), side - 1);
    int down = Math.min((int) ((1 - part) * rings), side - 1);
    return z >= 0
        ? cell(order, face, side - down - 1, side - up - 1)
        : cell(order, face + 8, up, down);
  }

  private static int cell(int order, int face, int x, int y) {
    return (face << (2 * order)) + spread(x) + (spread(y) << 1);
  }

  /** Puts a 0 between the bits. */
  private static int spread(int bits) {
    int spread = 0;
    for (int i = 0; bits >> i != 0; i++) {
      spread |= (bits >> i & 1) << (2 * i);
    }
    return spread;
  }

  private static int gather(int bits) {
    int gathered = 0;
    for (int i = 0; bits >> (2 * i) != 0; i++) {
      gathered |= (bits >> (2 * i) & 1) << i;
    }
    return gathered;
  }

  /** Longitude and latitude of the middle of a cell, in degrees. */
  static double[] middle(int order, int cell) {
    int side = 1 << order;
    int face = cell >> (2 * order);
    int inFace = cell & (side * side - 1);
    int x = gather(inFace);
    int y = gather(inFace >> 1);
    int ring = (RINGS[face] << order) - x - y - 1;
    int width = Math.min(side, Math.min(ring, 4 * side - ring));
    double cap = (double) width * width / (3.0 * side * side);
    double z = (2.0 * side - ring) * 2 / (3.0 * side);
    if (width < side) {
      z = ring < side ? 1 - cap : cap - 1;
    }
    int step = Math.floorMod(LONGITUDES[face] * width + x - y, 8 * width);
    return new double[] {45.0 * step / width, Math.toDegrees(Math.asin(z))};
  }

  /** No point of a cell is farther from its middle than this, in degrees. */
  static double radius(int order) {
    double side = 1 << order;
    double inRing = Math.PI / (4 * side);
    double z = 2.0 / 3;
    double flat = Math.sqrt(1 - z * z);
    double corner = 1 - (1 - 1 / side) * (1 - 1 / side) / 3;
    double cosine = flat * Math.cos(inRing) * Math.sqrt(1 - corner * corner) + z * corner;
    return Math.toDegrees(Math.acos(cosine));
  }

  /** The angle between two points, all in degrees. */
  static double distance(double lon, double lat, double otherLon, double otherLat) {
    double height = Math.sin(Math.toRadians(lat - otherLat) / 2);
    double width = Math.sin(Math.toRadians(lon - otherLon) / 2);
    double flat = Math.cos(Math.toRadians(lat)) * Math.cos(Math.toRadians(otherLat));
    double square = height * height + flat * width * width;
    return Math.toDegrees(2 * Math.asin(Math.sqrt(Math.min(1, square))));
  }
}
