package org.torchfits.image;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.torchfits.dlpack.ElementType;

/**
 * Makes floating elements. The types of 16 bits are rounded from FLOAT32, as torch does it; a value
 * beyond the range of a type is infinite there.
 */
final class FloatDecoder extends LaneDecoder {
  private final PhysicalValues values;
  private final ElementType type;

  FloatDecoder(StoredFormat format, ByteOrder order) {
    super(format);
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
