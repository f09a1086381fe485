package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.Abi;
import org.torchfits.kernel.GatherKernels;
import org.torchfits.source.Scratch;

/** Numbers or logical values of which every row has as many, in the row. */
final class NumberColumn extends TensorColumn {
  /** Fields of this size on are decoded one by one, shorter ones of many rows together. */
  private static final long LONG_FIELD_BYTES = 4 << 10;

  private final ElementDecoder decoder;
  private final MemorySegment target;

  NumberColumn(TableLayout layout, Column column, long rows, Abi abi) {
    super(layout, column, rows, abi);
    this.decoder = ElementDecoder.of(column, column.form().letter());
    this.target = block().elements();
  }

  @Override
  long bytes() {
    return (long) elements() * decoder.storedBytes();
  }

  @Override
  void read(RowBlock rowBlock, long field, long first) {
    long place = first * elements() * type().elements().bytes();
    if (elements() == 1 && decoder instanceof SwapDecoder swap && swap.numbers() == 1) {
      swap.decodeRows(rowBlock, field, target, place);
    } else if (decoder.isInPlace()) {
      gather(rowBlock, field, 0, rowBlock.rows(), target, place);
      decoder.decode(target, place, target, place, rowBlock.rows() * elements());
    } else if (bytes() >= LONG_FIELD_BYTES) {
      readFields(rowBlock, field, place);
    } else {
      readPacked(rowBlock, field, place);
    }
  }

  private void readFields(RowBlock rowBlock, long field, long place) {
    long rowBytes = (long) elements() * type().elements().bytes();
    for (int row = 0; row < rowBlock.rows(); row++) {
      long from = field + row * rowBlock.stride();
      decoder.decode(rowBlock.bytes(), from, target, place + row * rowBytes, elements());
    }
  }

  private void readPacked(RowBlock rowBlock, long field, long place) {
    int most = (int) (Scratch.BYTES / bytes());
    long rowBytes = (long) elements() * type().elements().bytes();
    try (Scratch scratch = Scratch.borrow()) {
      for (int row = 0; row < rowBlock.rows(); row += most) {
        int n = Math.min(most, rowBlock.rows() - row);
        gather(rowBlock, field, row, n, scratch.bytes(), 0);
        decoder.decode(scratch.bytes(), 0, target, place + row * rowBytes, n * elements());
      }
    }
  }

  private void gather(
      RowBlock rowBlock, long field, int row, int count, MemorySegment packed, long place) {
    long from = field + row * rowBlock.stride();
    GatherKernels.gatherFields(
        bytes(), rowBlock.bytes(), from, rowBlock.stride(), packed, place, count);
  }
}
