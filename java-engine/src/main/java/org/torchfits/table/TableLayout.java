package org.torchfits.table;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduKind;
import org.torchfits.header.Keywords;

/**
 * Where the rows and columns of a table stand in its file; every number is checked against the
 * others, none against the file's size. Rows and columns of a compressed table are told as they are
 * without the compression, the heap as it stands in the file.
 *
 * @param place file and HDU, as errors show them
 * @param kind BINARY_TABLE, ASCII_TABLE or RANDOM_GROUPS, of which each group is a row
 * @param rowBytes NAXIS1, or the bytes of a group
 * @param dataOffset where the first row begins, in bytes from the start of the file; of a
 *     compressed table that of the first tile
 * @param heapOffset where the heap begins, likewise; no row ends after it
 * @param heapBytes up to the end of the data, 0 without a heap
 * @param columns in the order of the header
 */
public record TableLayout(
    String place,
    HduKind kind,
    long rows,
    long rowBytes,
    long dataOffset,
    long heapOffset,
    long heapBytes,
    List<Column> columns)
    implements Schema {

  /**
   * The layout of an HDU.
   *
   * @param place file and HDU, as errors show them
   * @param header of the HDU
   * @throws FitsException of kind WRONG_HDU_KIND or BAD_HEADER
   */
  public static TableLayout of(String place, Hdu hdu, Keywords header) {
    requireTable(place, hdu);
    return hdu.kind() == HduKind.RANDOM_GROUPS
        ? ofGroups(place, hdu, header)
        : ofTable(place, hdu, header);
  }

  private static TableLayout ofGroups(String place, Hdu hdu, Keywords header) {
    long rows = Objects.requireNonNull(hdu.groups()).count();
    List<Column> columns = new GroupColumns(hdu, header).columns();
    // The data is whole groups.
    long rowBytes = rows == 0 ? 0 : hdu.dataBytes() / rows;
    long columnBytes = columns.stream().mapToLong(Column::bytes).sum();
    if (rows > 0 && columnBytes > rowBytes) {
      // With NAXIS = 0 an HDU has no data whatever else it says.
      throw header.bad("groups of " + columnBytes + " bytes in data of " + hdu.dataBytes());
    }
    long end = hdu.dataOffset() + hdu.dataBytes();
    return new TableLayout(place, hdu.kind(), rows, rowBytes, hdu.dataOffset(), end, 0, columns);
  }

  private static TableLayout ofTable(String place, Hdu hdu, Keywords header) {
    if (hdu.axes().length != 2) {
      throw header.bad("NAXIS = " + hdu.axes().length + " of a table is not 2");
    }
    long rowBytes = hdu.axes()[0];
    long rows = hdu.axes()[1];
    boolean isCompressed = isCompressed(hdu.kind(), header);
    long tableBytes =
        isCompressed
            ? tableBytes(header, hdu, stored(header, "NAXIS1"), stored(header, "NAXIS2"))
            : tableBytes(header, hdu, rowBytes, rows);
    long heapOffset = header.integer("THEAP", tableBytes, 0, Long.MAX_VALUE);
    if (heapOffset < tableBytes || heapOffset > hdu.dataBytes()) {
      throw header.bad(
          "THEAP = "
              + heapOffset
              + " is not between the rows' end at byte "
              + tableBytes
              + " and the data's at "
              + hdu.dataBytes());
    }
    return new TableLayout(
        place,
        hdu.kind(),
        rows,
        rowBytes,
        hdu.dataOffset(),
        hdu.dataOffset() + heapOffset,
        hdu.dataBytes() - heapOffset,
        new ColumnParser(header, hdu.kind(), rowBytes).columns());
  }

  private static long stored(Keywords header, String keyword) {
    return header.integer(keyword, 0, Long.MAX_VALUE);
  }

  private static void requireTable(String place, Hdu hdu) {
    switch (hdu.kind()) {
      case BINARY_TABLE, ASCII_TABLE, RANDOM_GROUPS -> {}
      case IMAGE, COMPRESSED_IMAGE ->
          throw new FitsException(
              ErrorKind.WRONG_HDU_KIND, place + ": the HDU is an image, not a table");
      case OTHER ->
          throw new FitsException(
              ErrorKind.WRONG_HDU_KIND,
              place + ": the HDU is an extension of a type that is not a table");
    }
  }

  /** Whether a table is compressed (FITS 4.0, section 10.3). */
  static boolean isCompressed(HduKind kind, Keywords header) {
    return kind == HduKind.BINARY_TABLE && header.isTrue("ZTABLE");
  }

  private static long tableBytes(Keywords header, Hdu hdu, long rowBytes, long rows) {
    long tableBytes;
    try {
      tableBytes = Math.multiplyExact(rowBytes, rows);
    } catch (ArithmeticException overflow) {
      tableBytes = Long.MAX_VALUE;
    }
    if (tableBytes > hdu.dataBytes()) {
      throw header.bad(
          rows
              + " rows of "
              + rowBytes
              + " bytes are more than the "
              + hdu.dataBytes()
              + " bytes of the data");
    }
    return tableBytes;
  }

  /** Where in the file the row begins, in bytes. */
  public long rowOffset(long row) {
    return dataOffset + row * rowBytes;
  }

  /**
   * The column of that name: the first that is spelt so, or the first that differs in case only.
   *
   * @throws FitsException of kind COLUMN_NOT_FOUND
   */
  public Column column(String name) {
    Column found = find(name);
    if (found == null) {
      throw new FitsException(
          ErrorKind.COLUMN_NOT_FOUND, place + ": no column '" + name + "' (" + names() + ")");
    }
    return found;
  }

  @Override
  public @Nullable Column find(String name) {
    return Names.find(columns, name);
  }

  /**
   * Column number {@code index}, from 0; negative ones count from the last one.
   *
   * @throws FitsException of kind COLUMN_NOT_FOUND
   */
  public Column column(int index) {
    int number = index < 0 ? index + columns.size() : index;
    if (number < 0 || number >= columns.size()) {
      throw new FitsException(
          ErrorKind.COLUMN_NOT_FOUND, place + ": no column number " + index + " (" + names() + ")");
    }
    return columns.get(number);
  }

  @Override
  public String names() {
    return Names.list(columns);
  }

  /** The error of bytes that do not mean what they must. */
  public FitsException bad(ErrorKind kind, Column column, String reason) {
    return new FitsException(kind, place + ": " + column.describe() + ": " + reason);
  }

  /**
   * Likewise, in one row.
   *
   * @param row from 0
   */
  public FitsException bad(ErrorKind kind, Column column, long row, String reason) {
    return new FitsException(
        kind, place + ": " + column.describe() + ", row " + row + ": " + reason);
  }
}
