package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/** Rows of a table as they stand in the file, and their values. Of one thread. */
final class StoredRows implements RowBatch {
  /** Where the values of a column stand: that of the first row, and the way to the next one. */
  private record Field(MemorySegment bytes, int at, int stride) {}

  private final TableLayout table;
  private final Rows wanted;
  private final @Nullable Field[] fields;
  private final @Nullable Texts[] texts;
  private final Integers stored = new Integers();
  private long first;
  private int start;
  private int count;

  /**
   * @param wanted rows, of which those at hand are some
   */
  StoredRows(TableLayout table, Rows wanted) {
    this.table = table;
    this.wanted = wanted;
    this.fields = new @Nullable Field[table.columns().size()];
    this.texts = new @Nullable Texts[table.columns().size()];
  }

  /** Takes over what was read of some columns of a block of rows. */
  void take(FieldGroup group, RowBlock block) {
    for (Column column : group.columns()) {
      long at = block.offset() + column.offset() - group.offset();
      fields[column.index()] = new Field(block.bytes(), (int) at, (int) block.stride());
    }
  }

  /**
   * Moves to some of the rows of the block.
   *
   * @param firstWanted of the wanted rows
   * @param skipped rows of the block before that one
   */
  void moveTo(long firstWanted, int skipped, int rows) {
    first = firstWanted;
    start = skipped;
    count = rows;
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public long row(int index) {
    return wanted.row(first + index);
  }

  private Column column(int index) {
    return table.columns().get(index);
  }

  /** The field of the first row at hand. */
  private Field field(int column) {
    Field field = Objects.requireNonNull(fields[column]);
    return new Field(field.bytes, field.at + start * field.stride, field.stride);
  }

  @Override
  public void reals(int index, double[] into) {
    Column column = column(index);
    Field field = field(index);
    switch (column.form()) {
      case AsciiForm _ -> asciiReals(column, field, into);
      case ColumnForm form -> binaryReals(form.letter(), index, field, into);
    }
    if (column.isScaled()) {
      FieldKernels.scale(into, column.scale(), column.zero(), count);
    }
  }

  private void binaryReals(char letter, int column, Field field, double[] into) {
    switch (letter) {
      case 'E' -> FieldKernels.floats(field.bytes, field.at, field.stride, into, count);
      case 'D' -> FieldKernels.doubles(field.bytes, field.at, field.stride, into, count);
      default -> {
        binaryIntegers(column, field, stored);
        RealKernels.fromIntegers(stored, false, into, count);
      }
    }
  }

  private void asciiReals(Column column, Field field, double[] into) {
    AsciiField ascii = new AsciiField(column);
    for (int i = 0; i < count; i++) {
      int from = field.at + i * field.stride;
      try {
        into[i] = ascii.real(field.bytes, from);
      } catch (NumberFormatException notANumber) {
        throw badData(column, i, ascii.problem(field.bytes, from));
      }
    }
  }

  private void asciiIntegers(Column column, Field field, Integers into) {
    AsciiField ascii = new AsciiField(column);
    for (int i = 0; i < count; i++) {
      int from = field.at + i * field.stride;
      try {
        into.nulls[i] = ascii.isNull(field.bytes, from) ? (byte) 1 : 0;
        into.values[i] = ascii.integer(field.bytes, from);
      } catch (NumberFormatException notANumber) {
        throw badData(column, i, ascii.problem(field.bytes, from));
      }
    }
  }

  private FitsException badData(Column column, int index, String problem) {
    return table.bad(ErrorKind.BAD_DATA, column, row(index), problem);
  }

  @Override
  public void integers(int index, Integers into) {
    Column column = column(index);
    Field field = field(index);
    switch (column.form()) {
      case AsciiForm _ -> asciiIntegers(column, field, into);
      case ColumnForm form -> {
        binaryIntegers(index, field, into);
        long offset = column.isScaled() ? ValueType.offset(form.letter()) : 0;
        if (offset != 0) {
          FieldKernels.add(into.values, offset, count);
        }
      }
    }
  }

  private void binaryIntegers(int index, Field field, Integers into) {
    MemorySegment bytes = field.bytes;
    Column column = column(index);
    switch (column.form().letter()) {
      case 'B' -> FieldKernels.unsignedBytes(bytes, field.at, field.stride, into.values, count);
      case 'I' -> FieldKernels.shorts(bytes, field.at, field.stride, into.values, count);
      case 'J' -> FieldKernels.ints(bytes, field.at, field.stride, into.values, count);
      default -> FieldKernels.longs(bytes, field.at, field.stride, into.values, count);
    }
    Long nullValue = column.nullValue();
    if (nullValue == null) {
      Arrays.fill(into.nulls, 0, count, (byte) 0);
    } else {
      FieldKernels.findNulls(into.values, nullValue, into.nulls, count);
    }
  }

  @Override
  public void truths(int index, byte[] into) {
    Field field = field(index);
    if (column(index).form().letter() == 'X') {
      FieldKernels.bits(field.bytes, field.at, field.stride, into, count);
    } else {
      FieldKernels.logicals(field.bytes, field.at, field.stride, into, count);
    }
  }

  private static int[] starts(int width, int count) {
    int[] starts = new int[count + 1];
    for (int i = 0; i <= count; i++) {
      starts[i] = i * width;
    }
    return starts;
  }

  /** Puts them into an array, which holds for the rows at hand. */
  @Override
  public Texts texts(int index) {
    Field field = field(index);
    int width = (int) ValueType.textBytes(column(index));
    Texts place = texts[index];
    if (place == null || place.bytes().length < width * count) {
      place = new Texts(new byte[width * count], starts(width, count));
      texts[index] = place;
    }
    FieldKernels.copy(field.bytes, field.at, field.stride, place.bytes(), width, count);
    return place;
  }
}
