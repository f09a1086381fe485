package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;

/** Bits of which every row has as many: BOOL (rows, bits). */
final class BitColumn extends ColumnReader {
  private final ColumnType type;
  private final int bits;
  private final DlpackTensor block;

  BitColumn(TableLayout layout, Column column, long rows, Abi abi) {
    super(layout, column, rows);
    this.type = ColumnType.of(column);
    this.bits = Fields.elements(layout, column, type);
    this.block = allocate(abi, type.elements(), type.shape(rows));
  }

  @Override
  long bytes() {
    return Math.ceilDiv(bits, 8);
  }

  @Override
  void read(RowBlock rowBlock, long field, long first) {
    for (int row = 0; row < rowBlock.rows(); row++) {
      long from = field + row * rowBlock.stride();
      decode(rowBlock.bytes(), from, block.elements(), (first + row) * bits, bits);
    }
  }

  /** The first bit of a byte is its highest one (FITS 4.0, section 7.3.3.1). */
  static void decode(
      MemorySegment source, long sourceOffset, MemorySegment target, long targetOffset, int bits) {
    for (int bit = 0; bit < bits; bit++) {
      int stored = source.get(JAVA_BYTE, sourceOffset + (bit >> 3));
      target.set(JAVA_BYTE, targetOffset + bit, (byte) (stored >> (7 - (bit & 7)) & 1));
    }
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
