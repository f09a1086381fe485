package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.Abi;

/** Numbers or logical values of which every row has as many, in the row. */
final class NumberColumn extends TensorColumn {
  private final NumberDecoder decoder;
  private final MemorySegment target;

  NumberColumn(TableLayout layout, Column column, long rows, Abi abi) {
    super(layout, column, rows, abi);
    this.decoder = new NumberDecoder(column, elements());
    this.target = block().elements();
  }

  @Override
  long bytes() {
    return decoder.bytes();
  }

  @Override
  void read(RowBlock rowBlock, long field, long first) {
    long place = first * elements() * type().elements().bytes();
    decoder.decode(rowBlock, field, target, place);
  }
}
