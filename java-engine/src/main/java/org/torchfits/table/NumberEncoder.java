package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.TensorView;
import org.torchfits.kernel.SignKernels;
import org.torchfits.kernel.SwapKernels;

/**
 * Numbers, truth values or bytes: big-endian, truth values as T and F. Signed bytes and unsigned
 * integers of more bytes have their sign bit flipped, which TZERO undoes (FITS 4.0, table 19).
 */
final class NumberEncoder implements ColumnEncoder {
  private final ElementType type;
  private final MemorySegment elements;
  private final long rows;
  private final long bytes;

  /** Bytes of what is swapped: half an element of a complex column. */
  private final int unit;

  /**
   * @param values shape (rows, ...); kept alive by the caller
   */
  NumberEncoder(TensorView values) {
    this.type = values.type();
    this.unit = unit(type);
    this.elements = values.elements();
    this.rows = values.shape()[0];
    long count = 1;
    for (int axis = 1; axis < values.shape().length; axis++) {
      count *= values.shape()[axis];
    }
    this.bytes = count * type.bytes();
  }

  private static int unit(ElementType type) {
    return switch (type) {
      case COMPLEX64, COMPLEX128 -> type.bytes() / 2;
      case BOOL, UINT8, INT8, INT16, UINT16, INT32, UINT32, FLOAT32, INT64, UINT64, FLOAT64 ->
          type.bytes();
      default -> throw new IllegalArgumentException("no column of a file is " + type);
    };
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public long rows() {
    return rows;
  }

  @Override
  public void encode(long first, int count, MemorySegment target, int offset, int stride) {
    MemorySegment source = elements.asSlice(first * bytes, count * bytes);
    if (bytes == stride) {
      encodeRun(source, target.asSlice(offset, source.byteSize()));
    } else if (bytes == unit) {
      spread(source, target, offset, stride);
    } else {
      for (int row = 0; row < count; row++) {
        encodeRun(
            source.asSlice(row * bytes, bytes),
            target.asSlice(offset + (long) row * stride, bytes));
      }
    }
  }

  @Override
  public void encodePart(long row, long from, MemorySegment target) {
    encodeRun(elements.asSlice(row * bytes + from, target.byteSize()), target);
  }

  /** Values that stand together in the file too: changed in place, as vectors of them. */
  private void encodeRun(MemorySegment source, MemorySegment target) {
    MemorySegment.copy(source, 0, target, 0, source.byteSize());
    int count = Math.toIntExact(target.byteSize() / unit);
    switch (type) {
      case BOOL -> EncoderKernels.letters(target);
      case INT8, UINT16, UINT32, UINT64 -> SignKernels.flip(target, unit, count);
      default -> {}
    }
    switch (unit) {
      case Short.BYTES -> SwapKernels.swap2(target, 0, target, 0, count);
      case Integer.BYTES -> SwapKernels.swap4(target, 0, target, 0, count);
      case Long.BYTES -> SwapKernels.swap8(target, 0, target, 0, count);
      default -> {}
    }
  }

  /** Values of which each stands in a row of its own. */
  private void spread(MemorySegment source, MemorySegment target, int offset, int stride) {
    switch (type) {
      case UINT8 -> EncoderKernels.spread1(source, target, offset, stride, (byte) 0);
      case INT8 -> EncoderKernels.spread1(source, target, offset, stride, Byte.MIN_VALUE);
      case BOOL -> EncoderKernels.spreadLetters(source, target, offset, stride);
      case INT16 -> EncoderKernels.spread2(source, target, offset, stride, (short) 0);
      case UINT16 -> EncoderKernels.spread2(source, target, offset, stride, Short.MIN_VALUE);
      case INT32, FLOAT32 -> EncoderKernels.spread4(source, target, offset, stride, 0);
      case UINT32 -> EncoderKernels.spread4(source, target, offset, stride, Integer.MIN_VALUE);
      case UINT64 -> EncoderKernels.spread8(source, target, offset, stride, Long.MIN_VALUE);
      default -> EncoderKernels.spread8(source, target, offset, stride, 0);
    }
  }
}
