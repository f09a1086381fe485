package org.torchfits.image;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.ElementType;
import org.torchfits.kernel.Lanes;

/**
 * Makes floating elements. The types of 16 bits are rounded from FLOAT32, as torch does it; a value
 * beyond the range of a type is infinite there.
 */
final class FloatDecoder extends LaneDecoder {
  private final PhysicalValues values;
  private final ElementType type;
  private final @Nullable Calibration calibration;

  /**
   * @param calibration of values of FLOAT32, for a target that is the whole result; null for none
   */
  FloatDecoder(StoredFormat format, ByteOrder order, @Nullable Calibration calibration) {
    super(format);
    this.calibration = calibration;
    this.type = format.type();
    this.values = new PhysicalValues(format, type == ElementType.FLOAT64, order);
  }

  @Override
  int load(MemorySegment source, long offset, Lanes lanes, int n) {
    values.fill(source, offset, lanes, n);
    return n;
  }

  @Override
  void store(Lanes lanes, int n, MemorySegment target, long offset) {
    if (calibration != null) {
      calibration.apply(lanes, offset / type.bytes(), n);
    }
    switch (type) {
      case FLOAT16 -> {
        FloatKernels.floatsToFloat16(lanes.floats, lanes.shorts, n);
        MemorySegment.copy(lanes.shorts, 0, target, JAVA_SHORT_UNALIGNED, offset, n);
      }
      case BFLOAT16 -> {
        FloatKernels.floatsToBfloat16(lanes.floats, lanes.ints, lanes.shorts, n);
        MemorySegment.copy(lanes.shorts, 0, target, JAVA_SHORT_UNALIGNED, offset, n);
      }
      case FLOAT32 -> MemorySegment.copy(lanes.floats, 0, target, JAVA_FLOAT_UNALIGNED, offset, n);
      default -> MemorySegment.copy(lanes.doubles, 0, target, JAVA_DOUBLE_UNALIGNED, offset, n);
    }
  }

  @Override
  String text(Lanes lanes, int index) {
    throw new IllegalStateException("every number has a place among floating ones");
  }
}
