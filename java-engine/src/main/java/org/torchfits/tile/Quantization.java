package org.torchfits.tile;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.torchfits.header.Keywords;

/**
 * How the integers of the tiles stand for floats (FITS 4.0, section 10.2).
 *
 * @param seed ZDITHER0
 */
record Quantization(Dither dither, int seed, PerTile scale, PerTile zero, PerTile blank) {
  private static final double NOTHING = Double.NaN;

  /**
   * A number that each tile has, in a column or for all in a keyword.
   *
   * @param constant where there is no column; NaN if there is neither
   */
  record PerTile(@Nullable TileColumn column, double constant) {
    static PerTile of(Keywords header, Map<String, TileColumn> columns, String name) {
      TileColumn column = columns.get(name);
      if (column != null && !column.isNumber()) {
        throw header.bad("the column " + name + " holds no numbers");
      }
      return new PerTile(column, column == null ? header.real(name, NOTHING) : NOTHING);
    }

    boolean isThere() {
      return column != null || !Double.isNaN(constant);
    }

    double real(MemorySegment row) {
      return column == null ? constant : column.real(row);
    }

    long integer(MemorySegment row) {
      return column == null ? (long) constant : column.integer(row);
    }
  }

  /** The quantisation that a header tells; null if the tiles hold floats as they are. */
  static @Nullable Quantization of(Keywords header, Map<String, TileColumn> columns) {
    PerTile scale = PerTile.of(header, columns, "ZSCALE");
    PerTile zero = PerTile.of(header, columns, "ZZERO");
    String method = header.string("ZQUANTIZ");
    if (!scale.isThere() || "NONE".equals(method)) {
      return null;
    }
    int seed = (int) header.integer("ZDITHER0", 1, Integer.MIN_VALUE, Integer.MAX_VALUE);
    PerTile blank = PerTile.of(header, columns, "ZBLANK");
    return new Quantization(
        dither(header, method), seed, scale, zero.isThere() ? zero : new PerTile(null, 0), blank);
  }

  /** What a tile's integers stand for, with the scale of the image. */
  static TileScaling scaling(Tile tile, TileFloats floats) {
    return new TileScaling(
        tile.scale() * floats.scale(),
        tile.zero() * floats.scale() + floats.zero(),
        tile.blank() == (int) tile.blank(),
        (int) tile.blank());
  }

  private static Dither dither(Keywords header, @Nullable String method) {
    return switch (method == null ? "" : method) {
      case "", "NO_DITHER" -> Dither.NO_DITHER;
      case "SUBTRACTIVE_DITHER_1" -> Dither.SUBTRACTIVE_DITHER_1;
      case "SUBTRACTIVE_DITHER_2" -> Dither.SUBTRACTIVE_DITHER_2;
      default -> throw header.bad("ZQUANTIZ = '" + method + "' is not a method of the standard");
    };
  }
}
