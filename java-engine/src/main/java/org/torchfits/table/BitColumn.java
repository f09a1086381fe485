package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.Abi;

/** Bits of which every row has as many: BOOL (rows, bits). */
final class BitColumn extends TensorColumn {
  private final int bits;

  BitColumn(TableLayout layout, Column column, long rows, Abi abi) {
    super(layout, column, rows, abi);
    this.bits = elements();
  }

  @Override
  long bytes() {
    return Math.ceilDiv(bits, 8);
  }

  @Override
  void read(RowBlock rowBlock, long field, long first) {
    for (int row = 0; row < rowBlock.rows(); row++) {
      long from = field + row * rowBlock.stride();
      decode(rowBlock.bytes(), from, block().elements(), (first + row) * bits, bits);
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
}
