package org.torchfits.tile;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.FitsException;
import org.torchfits.header.Hdu;
import org.torchfits.header.Keywords;

/**
 * The table of a compressed image, one row a tile (FITS 4.0, section 10.1). What its header and its
 * descriptors say is checked before it is believed.
 *
 * <p>Safe for use by several threads.
 */
final class TileTable {
  private final TileGrid grid;
  private final long rowsOffset;
  private final long rowBytes;
  private final long heapOffset;
  private final long heapBytes;
  private final TileColumn compressed;
  private final @Nullable TileColumn gzipped;
  private final @Nullable TileColumn plain;
  private final @Nullable Quantization quantization;

  private TileTable(Hdu hdu, Keywords header, Map<String, TileColumn> columns) {
    this.grid = TileGrid.of(hdu.shape(), header);
    this.rowsOffset = hdu.dataOffset();
    this.rowBytes = header.integer("NAXIS1", 0, Long.MAX_VALUE);
    long rows = header.integer("NAXIS2", 0, Long.MAX_VALUE);
    long tableBytes = rows * rowBytes;
    this.heapOffset = rowsOffset + header.integer("THEAP", tableBytes, tableBytes, hdu.dataBytes());
    this.heapBytes = rowsOffset + hdu.dataBytes() - heapOffset;
    this.compressed = required(header, arrays(header, columns, "COMPRESSED_DATA"));
    this.gzipped = arrays(header, columns, "GZIP_COMPRESSED_DATA");
    this.plain = arrays(header, columns, "UNCOMPRESSED_DATA");
    this.quantization = hdu.bitpix() < 0 ? Quantization.of(header, columns) : null;
    requireRows(header, columns, rows);
  }

  /**
   * The table of an HDU.
   *
   * @param hdu a compressed image
   * @param header of the HDU
   * @throws FitsException of kind BAD_HEADER
   */
  static TileTable of(Hdu hdu, Keywords header) {
    return new TileTable(hdu, header, TileColumn.byName(header));
  }

  private static @Nullable TileColumn arrays(
      Keywords header, Map<String, TileColumn> columns, String name) {
    TileColumn column = columns.get(name);
    if (column != null && !column.isOneArray()) {
      throw header.bad("the column " + name + " does not hold arrays of variable length");
    }
    return column;
  }

  private static TileColumn required(Keywords header, @Nullable TileColumn column) {
    if (column == null) {
      throw header.bad("the column COMPRESSED_DATA is missing");
    }
    return column;
  }

  private void requireRows(Keywords header, Map<String, TileColumn> columns, long rows) {
    long columnBytes =
        columns.values().stream().mapToLong(c -> c.offset() + c.bytes()).max().orElse(0);
    if (columnBytes > rowBytes) {
      throw header.bad("the columns take " + columnBytes + " bytes of rows of " + rowBytes);
    }
    if (grid.tiles() != rows && grid.tiles() > 0) {
      throw header.bad("the table has " + rows + " rows for " + grid.tiles() + " tiles");
    }
  }

  TileGrid grid() {
    return grid;
  }

  /** How the tiles' integers stand for floats; null if they do not. */
  @Nullable Quantization quantization() {
    return quantization;
  }

  /** Whether a tile's bytes are integers that stand for floats. */
  boolean isQuantized(Tile tile) {
    return quantization != null && tile.form() == Tile.Form.COMPRESSED;
  }

  /** Letter of the type of the elements of UNCOMPRESSED_DATA; blank if there is no such column. */
  char plainLetter() {
    return plain == null ? ' ' : plain.letter();
  }

  /** Where in the file the first row begins, in bytes. */
  long rowsOffset() {
    return rowsOffset;
  }

  long rowBytes() {
    return rowBytes;
  }

  /** Where in the file the heap begins, in bytes; no row ends after it. */
  long heapOffset() {
    return heapOffset;
  }

  /**
   * The tile that a row describes.
   *
   * @throws TileFormatException if the row cannot be right
   */
  Tile tile(long index, MemorySegment row) {
    if (compressed.count(row) != 0) {
      return compressedTile(index, row);
    }
    if (gzipped != null && gzipped.count(row) != 0) {
      return exactTile(index, row, Tile.Form.GZIPPED, gzipped);
    }
    if (plain != null && plain.count(row) != 0) {
      return exactTile(index, row, Tile.Form.PLAIN, plain);
    }
    throw new TileFormatException("the table has no bytes of it");
  }

  private Tile compressedTile(long index, MemorySegment row) {
    Tile tile = exactTile(index, row, Tile.Form.COMPRESSED, compressed);
    if (quantization == null) {
      return tile;
    }
    double scale = quantization.scale().real(row);
    double zero = quantization.zero().real(row);
    if (!Double.isFinite(scale) || !Double.isFinite(zero)) {
      throw new TileFormatException(
          "ZSCALE = " + scale + " and ZZERO = " + zero + " are not both numbers");
    }
    Quantization.PerTile blank = quantization.blank();
    long value = blank.isThere() ? blank.integer(row) : Tile.NO_BLANK;
    return new Tile(index, tile.form(), tile.offset(), tile.bytes(), scale, zero, value);
  }

  private Tile exactTile(long index, MemorySegment row, Tile.Form form, TileColumn column) {
    long count = column.count(row);
    long offset = column.heapOffset(row);
    int elementBytes = TileColumn.elementBytes(column.letter());
    boolean inHeap = count >= 0 && offset >= 0 && offset <= heapBytes;
    if (!inHeap || count > (heapBytes - offset) / elementBytes) {
      String elements = count + " elements of " + elementBytes + " bytes from byte " + offset;
      throw new TileFormatException(
          elements + " are not within the heap of " + heapBytes + " bytes");
    }
    long bytes = count * elementBytes;
    return new Tile(index, form, heapOffset + offset, bytes, 1, 0, Tile.NO_BLANK);
  }
}
