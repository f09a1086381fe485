package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/** Rows of columns in memory. Of one thread. */
final class HeldRows implements RowBatch {
  /** Of the texts of a batch, unless one alone is longer. */
  private static final int TEXT_BYTES = 1 << 20;

  /** Texts pass through the Java heap. */
  private static final int LONGEST_TEXT = 16 << 20;

  private final HeldTable table;
  private final @Nullable HeldValues[] columns;
  private final float[] floats = new float[Evaluation.ROWS];
  private final int[] ints = new int[Evaluation.ROWS];
  private final short[] shorts = new short[Evaluation.ROWS];
  private final byte[] bytes = new byte[Evaluation.ROWS];
  private long first;
  private int count;

  /**
   * @param held those columns that are asked for
   */
  HeldRows(HeldTable table, List<HeldValues> held) {
    this.table = table;
    this.columns = new @Nullable HeldValues[table.columns().size()];
    for (HeldValues values : held) {
      columns[values.column().index()] = values;
    }
  }

  /**
   * Moves to rows from {@code from} on, at most {@code most} and {@link Evaluation#ROWS}, and as
   * many as have short texts.
   *
   * @param most at least 1
   * @return how many
   */
  int moveTo(long from, long most) {
    first = from;
    count = (int) Math.min(most, Evaluation.ROWS);
    for (HeldValues values : columns) {
      if (values != null && values.offsets() != null) {
        count = fitting(values);
      }
    }
    return count;
  }

  private int fitting(HeldValues texts) {
    int rows = count;
    while (rows > 1 && texts.start(first + rows) - texts.start(first) > TEXT_BYTES) {
      rows /= 2;
    }
    long bytes = texts.start(first + rows) - texts.start(first);
    if (bytes > LONGEST_TEXT) {
      throw new FitsException(
          ErrorKind.UNSUPPORTED,
          table.place()
              + ": "
              + texts.column().describe()
              + ", row "
              + first
              + ": a text of "
              + bytes
              + " bytes in a condition; at most "
              + LONGEST_TEXT);
    }
    return rows;
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public long row(int index) {
    return first + index;
  }

  private HeldValues column(int index) {
    return Objects.requireNonNull(columns[index]);
  }

  @Override
  public void reals(int index, double[] into) {
    HeldValues column = column(index);
    if (column.type().bytes() == Double.BYTES) {
      long at = first * Double.BYTES;
      MemorySegment.copy(column.values(), JAVA_DOUBLE, at, into, 0, count);
    } else {
      long at = first * Float.BYTES;
      MemorySegment.copy(column.values(), JAVA_FLOAT, at, floats, 0, count);
      HeldKernels.widen(floats, into, count);
    }
  }

  @Override
  public void integers(int index, Integers into) {
    HeldValues column = column(index);
    load(column, into.values);
    Long nullValue = column.nullValue();
    if (nullValue == null) {
      Arrays.fill(into.nulls, 0, count, (byte) 0);
    } else {
      FieldKernels.findNulls(into.values, nullValue, into.nulls, count);
    }
    if (column.column().valueType() == ValueType.UNSIGNED) {
      FieldKernels.add(into.values, Long.MIN_VALUE, count);
    }
  }

  private void load(HeldValues column, long[] into) {
    MemorySegment values = column.values();
    switch (column.type()) {
      case INT8, UINT8 -> {
        MemorySegment.copy(values, JAVA_BYTE, first, bytes, 0, count);
        HeldKernels.widen(bytes, mask(column, 0xFF), into, count);
      }
      case INT16, UINT16 -> {
        MemorySegment.copy(values, JAVA_SHORT, first * Short.BYTES, shorts, 0, count);
        HeldKernels.widen(shorts, mask(column, 0xFFFF), into, count);
      }
      case INT32, UINT32 -> {
        MemorySegment.copy(values, JAVA_INT, first * Integer.BYTES, ints, 0, count);
        HeldKernels.widen(ints, mask(column, 0xFFFF_FFFFL), into, count);
      }
      default -> MemorySegment.copy(values, JAVA_LONG, first * Long.BYTES, into, 0, count);
    }
  }

  /** What is left of a sign that was made of the first bit: all, or nothing of unsigned numbers. */
  private static long mask(HeldValues column, long unsigned) {
    return switch (column.type()) {
      case UINT8, UINT16, UINT32 -> unsigned;
      default -> -1;
    };
  }

  @Override
  public void truths(int index, byte[] into) {
    MemorySegment.copy(column(index).values(), JAVA_BYTE, first, into, 0, count);
    HeldKernels.toTruths(into, count);
  }

  @Override
  public Texts texts(int index) {
    HeldValues column = column(index);
    long from = column.start(first);
    int[] starts = new int[count + 1];
    for (int i = 0; i <= count; i++) {
      starts[i] = Math.toIntExact(column.start(first + i) - from);
    }
    byte[] characters = new byte[starts[count]];
    MemorySegment.copy(column.values(), JAVA_BYTE, from, characters, 0, characters.length);
    return new Texts(characters, starts);
  }
}
