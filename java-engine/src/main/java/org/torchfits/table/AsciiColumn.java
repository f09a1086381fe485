package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;

/** Numbers of an ASCII table. TNULLn and a field of blanks are NaN, or 0 among integers. */
final class AsciiColumn extends ColumnReader {
  private final AsciiForm form;
  private final ColumnType type;
  private final byte[] nullText;
  private final boolean hasNull;
  private final DlpackTensor block;

  AsciiColumn(TableLayout layout, Column column, long rows, Abi abi) {
    super(layout, column, rows);
    this.form = (AsciiForm) column.form();
    this.type = ColumnType.of(column);
    String text = column.nullText();
    this.hasNull = text != null;
    this.nullText = text == null ? new byte[0] : text.strip().getBytes(ISO_8859_1);
    this.block = allocate(abi, type.elements(), rows);
  }

  @Override
  long bytes() {
    return form.width();
  }

  /** A field without width is blank. */
  @Override
  boolean needsRows() {
    return true;
  }

  @Override
  void read(RowBlock rowBlock, long field, long first) {
    for (int row = 0; row < rowBlock.rows(); row++) {
      long from = field + row * rowBlock.stride();
      try {
        readRow(rowBlock.bytes(), from, first + row);
      } catch (NumberFormatException notANumber) {
        String text = AsciiNumber.text(rowBlock.bytes(), from, from + form.width());
        throw badData(first + row, "'" + text + "' is not a number");
      }
    }
  }

  private void readRow(MemorySegment bytes, long from, long row) {
    boolean isNull = hasNull && isNull(bytes, from);
    switch (type.elements()) {
      case INT32 -> {
        long value = isNull ? 0 : AsciiNumber.integer(bytes, from, form.width());
        block.elements().set(JAVA_INT_UNALIGNED, row * Integer.BYTES, (int) value);
      }
      case INT64 -> {
        long value = isNull ? 0 : AsciiNumber.integer(bytes, from, form.width());
        block.elements().set(JAVA_LONG_UNALIGNED, row * Long.BYTES, value);
      }
      default -> {
        double value = isNull ? Double.NaN : real(bytes, from);
        block.elements().set(JAVA_DOUBLE_UNALIGNED, row * Double.BYTES, value);
      }
    }
  }

  private double real(MemorySegment bytes, long from) {
    double stored =
        form.letter() == 'I' && !AsciiNumber.isBlank(bytes, from, form.width())
            ? AsciiNumber.integer(bytes, from, form.width())
            : AsciiNumber.real(bytes, from, form.width(), form.decimals());
    return column().isScaled() ? stored * column().scale() + column().zero() : stored;
  }

  private boolean isNull(MemorySegment bytes, long from) {
    long begin = from;
    long end = from + form.width();
    while (begin < end && bytes.get(JAVA_BYTE, begin) == ' ') {
      begin++;
    }
    while (end > begin && bytes.get(JAVA_BYTE, end - 1) == ' ') {
      end--;
    }
    if (end - begin != nullText.length) {
      return false;
    }
    for (int i = 0; i < nullText.length; i++) {
      if (bytes.get(JAVA_BYTE, begin + i) != nullText[i]) {
        return false;
      }
    }
    return true;
  }

  @Override
  ColumnType type() {
    return type;
  }

  @Override
  List<DlpackTensor> blocks() {
    return List.of(block);
  }

  @Override
  public void close() {
    block.close();
  }
}
