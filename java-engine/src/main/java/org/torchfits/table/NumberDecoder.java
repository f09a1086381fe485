package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.ElementType;
import org.torchfits.kernel.GatherKernels;
import org.torchfits.source.Scratch;

/**
 * Decodes the numbers or logical values of a column out of blocks of rows, as many of each row.
 * Safe for use by several threads.
 */
final class NumberDecoder {
  /** Fields of this size on are decoded one by one, shorter ones of many rows together. */
  private static final long LONG_FIELD_BYTES = 4 << 10;

  private final ElementDecoder decoder;
  private final int elements;
  private final @Nullable Long nullValue;

  /**
   * @param elements of a row
   */
  NumberDecoder(Column column, int elements) {
    this.decoder = ElementDecoder.of(column, column.form().letter());
    this.elements = elements;
    Long stored = column.nullValue();
    // Of scaled numbers it becomes NaN.
    this.nullValue =
        stored != null && decoder instanceof SwapDecoder ? stored + (long) column.zero() : null;
  }

  /** The decoded integer that stands for none; null if there is no such value. */
  @Nullable Long nullValue() {
    return nullValue;
  }

  /** Bytes of a field. */
  long bytes() {
    return (long) elements * decoder.storedBytes();
  }

  /** What is decoded. */
  ElementType type() {
    return decoder.type();
  }

  /** The type of numbers that are as they are stored, one of each row; null for others. */
  @Nullable ElementType plainType() {
    boolean isPlain = elements == 1 && decoder instanceof SwapDecoder swap && !swap.flips();
    return isPlain ? decoder.type() : null;
  }

  /**
   * Decodes the field of each row of a block.
   *
   * @param field where that of the block's first row begins, in its bytes
   * @param place in bytes, where the first element goes; the others follow without a gap
   */
  void decode(RowBlock rowBlock, long field, MemorySegment target, long place) {
    if (elements == 1 && decoder instanceof SwapDecoder swap && swap.numbers() == 1) {
      swap.decodeRows(rowBlock, field, target, place);
    } else if (decoder.isInPlace()) {
      gather(rowBlock, field, 0, rowBlock.rows(), target, place);
      decoder.decode(target, place, target, place, rowBlock.rows() * elements);
    } else if (bytes() >= LONG_FIELD_BYTES) {
      decodeFields(rowBlock, field, target, place);
    } else {
      decodePacked(rowBlock, field, target, place);
    }
  }

  private void decodeFields(RowBlock rowBlock, long field, MemorySegment target, long place) {
    long rowBytes = (long) elements * type().bytes();
    for (int row = 0; row < rowBlock.rows(); row++) {
      long from = field + row * rowBlock.stride();
      decoder.decode(rowBlock.bytes(), from, target, place + row * rowBytes, elements);
    }
  }

  private void decodePacked(RowBlock rowBlock, long field, MemorySegment target, long place) {
    int most = (int) (Scratch.BYTES / bytes());
    long rowBytes = (long) elements * type().bytes();
    try (Scratch scratch = Scratch.borrow()) {
      for (int row = 0; row < rowBlock.rows(); row += most) {
        int n = Math.min(most, rowBlock.rows() - row);
        gather(rowBlock, field, row, n, scratch.bytes(), 0);
        decoder.decode(scratch.bytes(), 0, target, place + row * rowBytes, n * elements);
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
