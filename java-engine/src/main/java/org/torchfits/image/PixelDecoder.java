package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.ElementType;

/**
 * Turns stored big-endian values into native elements, one chunk at a time.
 *
 * <p>Safe for use by several threads.
 */
@FunctionalInterface
interface PixelDecoder {
  /**
   * Decodes {@code count} values.
   *
   * @param source holds the stored values from {@code sourceOffset} (bytes) on
   * @param target takes the elements from {@code targetOffset} (bytes) on
   */
  void decode(
      MemorySegment source, long sourceOffset, MemorySegment target, long targetOffset, long count);

  /** The decoder for a format. */
  static PixelDecoder of(StoredFormat format) {
    if (format.isBitwise()) {
      return bitwise(format);
    }
    ScaleKernels kernels = new ScaleKernels(format);
    return format.type() == ElementType.FLOAT32 ? kernels.toFloat32() : kernels.toFloat64();
  }

  private static PixelDecoder bitwise(StoredFormat format) {
    boolean flip = format.flipsSign();
    return switch (format.storedBytes()) {
      case 1 -> flip ? SwapKernels::flip1 : SwapKernels::copy1;
      case 2 -> flip ? SwapKernels::flip2 : SwapKernels::swap2;
      case 4 -> flip ? SwapKernels::flip4 : SwapKernels::swap4;
      default -> flip ? SwapKernels::flip8 : SwapKernels::swap8;
    };
  }
}
