package org.torchfits.tile;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduReader;
import org.torchfits.header.Keywords;
import org.torchfits.source.ByteSource;

/**
 * The table of a compressed image, one row a tile (FITS 4.0, section 10.1). What its header and its
 * descriptors say is checked before it is believed.
 *
 * <p>Safe for use by several threads.
 */
public final class TileTable {
  private final String place;
  private final HduReader reader;
  private final TileGrid grid;
  private final long rowsOffset;
  private final long rowBytes;
  private final long heapOffset;
  private final long heapBytes;
  private final TileColumn compressed;
  private final @Nullable TileColumn gzipped;
  private final @Nullable TileColumn plain;
  private final @Nullable Quantization quantization;

  private TileTable(
      String place, HduReader reader, Hdu hdu, Keywords header, Map<String, TileColumn> columns) {
    this.place = place;
    this.reader = reader;
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
   * @param place file and HDU, as errors show them
   * @param reader is not asked for another HDU any more
   * @param hdu a compressed image
   * @param header of the HDU
   * @throws FitsException of kind BAD_HEADER, or TRUNCATED if the file has not all rows
   */
  public static TileTable of(String place, HduReader reader, Hdu hdu, Keywords header) {
    return new TileTable(place, reader, hdu, header, TileColumn.byName(header));
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
    ByteSource source = reader.source();
    if (rows > 0 && !source.reaches(heapOffset)) {
      throw truncated("the file ends before the table of its tiles does, at byte " + source.size());
    }
  }

  public TileGrid grid() {
    return grid;
  }

  /** How the tiles' integers stand for floats; null if they do not. */
  @Nullable Quantization quantization() {
    return quantization;
  }

  /** Whether a tile's bytes are integers that stand for floats. */
  public boolean isQuantized(Tile tile) {
    return quantization != null && tile.form() == Tile.Form.COMPRESSED;
  }

  /** Letter of the type of the elements of UNCOMPRESSED_DATA; blank if there is no such column. */
  char plainLetter() {
    return plain == null ? ' ' : plain.letter();
  }

  /** At most so many rows, but at least one, take {@code bytes}. */
  public int rowsIn(long bytes) {
    return Math.clamp(bytes / Math.max(1, rowBytes), 1, 1 << 20);
  }

  /**
   * Reads rows of the table.
   *
   * @param first index of the first tile
   * @param tiles takes them from {@code from} on
   */
  public void readRows(long first, Tile[] tiles, int from, int count, TileScratch scratch) {
    MemorySegment rows = read(rowsOffset + first * rowBytes, count * rowBytes, scratch);
    for (int i = 0; i < count; i++) {
      tiles[from + i] = tile(first + i, rows.asSlice(i * rowBytes, rowBytes));
    }
  }

  /**
   * Reads the bytes of tiles and what stands between them.
   *
   * @return the bytes from the first tile's offset to the last one's end; valid until the next call
   *     with that scratch
   */
  public MemorySegment readTiles(Tile first, Tile last, TileScratch scratch) {
    return read(first.offset(), last.end() - first.offset(), scratch);
  }

  private MemorySegment read(long offset, long bytes, TileScratch scratch) {
    MemorySegment buffered = reader.buffered(offset, bytes);
    if (buffered != null) {
      return buffered;
    }
    MemorySegment into = scratch.compressed(bytes);
    if (reader.source().read(offset, into) < bytes) {
      throw truncated("the file became shorter while it was read");
    }
    return into;
  }

  private Tile tile(long index, MemorySegment row) {
    if (compressed.count(row) != 0) {
      return checked(compressedTile(index, row));
    }
    if (gzipped != null && gzipped.count(row) != 0) {
      return checked(exactTile(index, row, Tile.Form.GZIPPED, gzipped));
    }
    if (plain != null && plain.count(row) != 0) {
      return checked(exactTile(index, row, Tile.Form.PLAIN, plain));
    }
    throw bad(index, "the table has no bytes of it");
  }

  private Tile compressedTile(long index, MemorySegment row) {
    Tile tile = exactTile(index, row, Tile.Form.COMPRESSED, compressed);
    if (quantization == null) {
      return tile;
    }
    double scale = quantization.scale().real(row);
    double zero = quantization.zero().real(row);
    if (!Double.isFinite(scale) || !Double.isFinite(zero)) {
      throw bad(index, "ZSCALE = " + scale + " and ZZERO = " + zero + " are not both numbers");
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
      throw bad(index, elements + " are not within the heap of " + heapBytes + " bytes");
    }
    long bytes = count * elementBytes;
    return new Tile(index, form, heapOffset + offset, bytes, 1, 0, Tile.NO_BLANK);
  }

  private Tile checked(Tile tile) {
    ByteSource source = reader.source();
    if (!source.reaches(tile.end())) {
      String end = "its bytes end at byte " + tile.end() + ", the file at byte " + source.size();
      throw truncated("tile " + tile.index() + ": " + end);
    }
    return tile;
  }

  private FitsException bad(long index, String reason) {
    return new FitsException(ErrorKind.BAD_DATA, place + ": tile " + index + ": " + reason);
  }

  private FitsException truncated(String reason) {
    return new FitsException(ErrorKind.TRUNCATED, place + ": " + reason);
  }
}
