package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.TensorView;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/** Rows of a table, in the order in which they are wanted. */
public final class Rows {
  private final long count;
  private final long first;
  private final long step;
  private final @Nullable MemorySegment list;
  private final long tableRows;

  private Rows(long count, long first, long step, @Nullable MemorySegment list, long tableRows) {
    this.count = count;
    this.first = first;
    this.step = step;
    this.list = list;
    this.tableRows = tableRows;
  }

  /** All rows. */
  public static Rows all(long tableRows) {
    return range(0, 1, tableRows, tableRows);
  }

  /** So many rows, from one on with a step between them; all are in the table. */
  static Rows range(long first, long step, long count, long tableRows) {
    return new Rows(count, first, step, null, tableRows);
  }

  /**
   * Rows of a list; negative numbers count from the end of the table.
   *
   * @param list INT64 (count,); it is not changed while it is read
   * @param place file and HDU, for messages
   * @throws FitsException of kind BAD_SECTION if one is outside the table
   */
  public static Rows list(TensorView list, long tableRows, String place) {
    if (list.type() != ElementType.INT64 || list.shape().length != 1) {
      throw new IllegalArgumentException("rows are not INT64 of one axis");
    }
    MemorySegment numbers = list.elements();
    long count = list.shape()[0];
    for (long i = 0; i < count; i++) {
      long row = numbers.get(JAVA_LONG_UNALIGNED, i * Long.BYTES);
      if (row < -tableRows || row >= tableRows) {
        throw new FitsException(
            ErrorKind.BAD_SECTION,
            place + ": row " + row + " is outside the table of " + tableRows + " rows");
      }
    }
    return new Rows(count, 0, 0, numbers, tableRows);
  }

  /**
   * Rows of a list.
   *
   * @param numbers INT64, each of a row in the table; they may be written until they are asked for
   */
  static Rows numbered(MemorySegment numbers, long count, long tableRows) {
    return new Rows(count, 0, 0, numbers, tableRows);
  }

  /**
   * The rows of a slice of Python.
   *
   * @param slice {@code start:stop:step}, each of them perhaps empty; the step is not 0
   */
  public static Rows slice(String slice, long tableRows) {
    String[] parts = slice.split(":", -1);
    long step = parts[2].isEmpty() ? 1 : Long.parseLong(parts[2]);
    boolean down = step < 0;
    long lowest = down ? -1 : 0;
    long highest = down ? tableRows - 1 : tableRows;
    long start = bound(parts[0], down ? highest : lowest, lowest, highest, tableRows);
    long stop = bound(parts[1], down ? lowest : highest, lowest, highest, tableRows);
    long distance = down ? start - stop : stop - start;
    // -2^63 has no absolute value, and no table more rows than its complement says.
    long count =
        distance <= 0 ? 0 : Math.ceilDiv(distance, down ? -Math.max(step, -Long.MAX_VALUE) : step);
    return range(start, count <= 1 ? 1 : step, count, tableRows);
  }

  private static long bound(String text, long absent, long lowest, long highest, long tableRows) {
    if (text.isEmpty()) {
      return absent;
    }
    long bound = Long.parseLong(text);
    return Math.clamp(bound < 0 ? bound + tableRows : bound, lowest, highest);
  }

  public long count() {
    return count;
  }

  /** The step from each row to the next; 0 if there is no such thing. */
  long step() {
    return step;
  }

  /** Number in the table, from 0, of row {@code index} of these. */
  long row(long index) {
    if (list == null) {
      return first + index * step;
    }
    long row = list.get(JAVA_LONG_UNALIGNED, index * Long.BYTES);
    return row < 0 ? row + tableRows : row;
  }

  /** The number behind the largest one in the table; 0 if there are none. */
  long end() {
    if (count == 0) {
      return 0;
    }
    if (list == null) {
      return Math.max(row(0), row(count - 1)) + 1;
    }
    long last = 0;
    for (long i = 0; i < count; i++) {
      last = Math.max(last, row(i));
    }
    return last + 1;
  }
}
