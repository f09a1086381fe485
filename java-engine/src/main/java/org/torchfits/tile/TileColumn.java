package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static java.nio.ByteOrder.BIG_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.torchfits.header.Keywords;

/**
 * A column of the table that holds the tiles (FITS 4.0, section 7.3).
 *
 * @param offset of the field in a row, in bytes
 * @param bytes of the field in a row
 * @param descriptor P or Q for an array in the heap, else blank
 * @param letter of the elements' type
 */
record TileColumn(long offset, long bytes, char descriptor, char letter) {
  private static final ValueLayout.OfShort SHORT = JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);
  private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(BIG_ENDIAN);
  private static final ValueLayout.OfLong LONG = JAVA_LONG_UNALIGNED.withOrder(BIG_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT = JAVA_FLOAT_UNALIGNED.withOrder(BIG_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE = JAVA_DOUBLE_UNALIGNED.withOrder(BIG_ENDIAN);

  private static final int MAX_FIELDS = 999;
  private static final Pattern TFORM =
      Pattern.compile("(\\d{0,9})([LXBIJKAEDCM]|([PQ])([LXBIJKAEDCM])).*");

  /** The columns of a header by name, in capitals. */
  static Map<String, TileColumn> byName(Keywords header) {
    Map<String, TileColumn> columns = new HashMap<>();
    List<TileColumn> all = all(header);
    for (int index = 0; index < all.size(); index++) {
      String name = header.string("TTYPE" + (index + 1));
      if (name != null) {
        columns.putIfAbsent(name.strip().toUpperCase(Locale.ROOT), all.get(index));
      }
    }
    return columns;
  }

  /** The columns in the order of the header. */
  static List<TileColumn> all(Keywords header) {
    List<TileColumn> columns = new ArrayList<>();
    long fields = header.integer("TFIELDS", 0, MAX_FIELDS);
    long offset = 0;
    for (int field = 1; field <= fields; field++) {
      TileColumn column = parse(header, field, offset);
      columns.add(column);
      offset += column.bytes();
    }
    return columns;
  }

  private static TileColumn parse(Keywords header, int field, long offset) {
    String form = header.string("TFORM" + field);
    Matcher match = TFORM.matcher(form == null ? "" : form.strip());
    if (!match.matches()) {
      throw header.bad("TFORM" + field + " = '" + form + "' is not a valid value");
    }
    long repeat = match.group(1).isEmpty() ? 1 : Long.parseLong(match.group(1));
    if (match.group(3) == null) {
      char letter = match.group(2).charAt(0);
      return new TileColumn(offset, bytes(letter, repeat), ' ', letter);
    }
    char descriptor = match.group(3).charAt(0);
    return new TileColumn(
        offset, repeat * (descriptor == 'P' ? 8 : 16), descriptor, match.group(4).charAt(0));
  }

  private static long bytes(char letter, long repeat) {
    return letter == 'X' ? (repeat + 7) / 8 : repeat * elementBytes(letter);
  }

  /** Bytes of one element in the heap or the field. */
  static int elementBytes(char letter) {
    return switch (letter) {
      case 'I' -> 2;
      case 'J', 'E' -> 4;
      case 'K', 'D', 'C' -> 8;
      case 'M' -> 16;
      default -> 1;
    };
  }

  /** Whether each row has exactly the place of one array in the heap. */
  boolean isOneArray() {
    return descriptor != ' ' && bytes > 0;
  }

  /** Number of elements of the row's array. */
  long count(MemorySegment row) {
    return descriptor == 'P' ? Integer.toUnsignedLong(row.get(INT, offset)) : row.get(LONG, offset);
  }

  /** Where the row's array begins, in bytes from the start of the heap. */
  long heapOffset(MemorySegment row) {
    return descriptor == 'P'
        ? Integer.toUnsignedLong(row.get(INT, offset + 4))
        : row.get(LONG, offset + 8);
  }

  /** Whether a number can be read from the field. */
  boolean isNumber() {
    return descriptor == ' ' && bytes > 0 && "BIJKED".indexOf(letter) >= 0;
  }

  double real(MemorySegment row) {
    return switch (letter) {
      case 'E' -> row.get(FLOAT, offset);
      case 'D' -> row.get(DOUBLE, offset);
      default -> integer(row);
    };
  }

  long integer(MemorySegment row) {
    return switch (letter) {
      case 'B' -> row.get(JAVA_BYTE, offset) & 0xFF;
      case 'I' -> row.get(SHORT, offset);
      case 'J' -> row.get(INT, offset);
      case 'K' -> row.get(LONG, offset);
      case 'E' -> (long) row.get(FLOAT, offset);
      default -> (long) row.get(DOUBLE, offset);
    };
  }
}
