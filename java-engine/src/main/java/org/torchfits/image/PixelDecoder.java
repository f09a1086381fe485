package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.torchfits.kernel.SwapKernels;

/**
 * Turns stored values into native elements, one chunk at a time.
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
   * @throws ValueRangeException if the type of the elements does not hold a value
   */
  void decode(
      MemorySegment source, long sourceOffset, MemorySegment target, long targetOffset, long count);

  /** The decoder for big-endian stored values, as they stand in a file. */
  static PixelDecoder of(StoredFormat format) {
    return format.isBitwise() ? bitwise(format) : converting(format, ByteOrder.BIG_ENDIAN);
  }

  /**
   * The decoder for stored values in native byte order, where elements are not the same bits
   * ({@link StoredFormat#isBitwise}).
   */
  static PixelDecoder ofNative(StoredFormat format) {
    return converting(format, ByteOrder.nativeOrder());
  }

  /**
   * The decoder for values that are calibrated on their way, into the whole result.
   *
   * @param format of elements of FLOAT32, FLOAT16 or BFLOAT16
   * @param order of the stored values' bytes
   */
  static PixelDecoder calibrating(StoredFormat format, ByteOrder order, Calibration calibration) {
    return new FloatDecoder(format, order, calibration);
  }

  private static PixelDecoder converting(StoredFormat format, ByteOrder order) {
    return StoredFormat.isFloating(format.type())
        ? new FloatDecoder(format, order, null)
        : new IntegerDecoder(format, order);
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
