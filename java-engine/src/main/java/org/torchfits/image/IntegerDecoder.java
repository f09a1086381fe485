package org.torchfits.image;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.torchfits.dlpack.ElementType;
import org.torchfits.kernel.Lanes;

/** Makes integers of values whose exact type is another one; each must be held as it is. */
final class IntegerDecoder extends LaneDecoder {
  private final ElementType exact;
  private final ElementType type;
  private final int bitpix;
  private final long shift;
  private final long min;
  private final long max;
  private final double end;
  private final StoredValues stored;
  private final PhysicalValues floating;

  IntegerDecoder(StoredFormat format, ByteOrder order) {
    super(format);
    this.exact = format.exactType();
    this.type = format.type();
    this.bitpix = format.bitpix();
    // 2^63 does not fit into a long; its bits are those of -2^63.
    this.shift = exact == ElementType.UINT64 ? Long.MIN_VALUE : (long) format.zero();
    this.min = exact == ElementType.UINT64 ? 0 : smallest(type);
    this.max = largest(type);
    this.end = type == ElementType.UINT64 ? 0x1p64 : (double) max + 1;
    this.stored = new StoredValues(bitpix, order);
    this.floating = new PhysicalValues(format, exact == ElementType.FLOAT64, order);
  }

  private static long smallest(ElementType type) {
    return switch (type) {
      case INT8 -> Byte.MIN_VALUE;
      case INT16 -> Short.MIN_VALUE;
      case INT32 -> Integer.MIN_VALUE;
      case INT64 -> Long.MIN_VALUE;
      default -> 0;
    };
  }

  /** For UINT64 the largest of those that come from signed integers. */
  private static long largest(ElementType type) {
    return switch (type) {
      case INT8 -> Byte.MAX_VALUE;
      case INT16 -> Short.MAX_VALUE;
      case INT32 -> Integer.MAX_VALUE;
      case UINT8 -> 0xFF;
      case UINT16 -> 0xFFFF;
      case UINT32 -> 0xFFFF_FFFFL;
      default -> Long.MAX_VALUE;
    };
  }

  @Override
  int load(MemorySegment source, long offset, Lanes lanes, int n) {
    return switch (exact) {
      case FLOAT32 -> {
        floating.fill(source, offset, lanes, n);
        FloatKernels.floatsToDoubles(lanes.floats, lanes.doubles, n);
        yield truncate(lanes, n);
      }
      case FLOAT64 -> {
        floating.fill(source, offset, lanes, n);
        yield truncate(lanes, n);
      }
      default -> {
        loadIntegers(source, offset, lanes, n);
        yield IntegerKernels.firstOutside(lanes.longs, min, max, n);
      }
    };
  }

  private int truncate(Lanes lanes, int n) {
    int bad = IntegerKernels.firstOutside(lanes.doubles, (double) smallest(type), end, n);
    IntegerKernels.doublesToLongs(lanes.doubles, lanes.longs, bad);
    return bad;
  }

  private void loadIntegers(MemorySegment source, long offset, Lanes lanes, int n) {
    stored.load(source, offset, lanes, n);
    switch (bitpix) {
      case 8 -> IntegerKernels.unsignedBytesToLongs(lanes.bytes, shift, lanes.longs, n);
      case 16 -> IntegerKernels.shortsToLongs(lanes.shorts, shift, lanes.longs, n);
      case 32 -> IntegerKernels.intsToLongs(lanes.ints, shift, lanes.longs, n);
      default -> IntegerKernels.shift(lanes.longs, shift, n);
    }
  }

  @Override
  void store(Lanes lanes, int n, MemorySegment target, long offset) {
    switch (type.bytes()) {
      case 1 -> {
        IntegerKernels.longsToBytes(lanes.longs, lanes.bytes, n);
        MemorySegment.copy(lanes.bytes, 0, target, JAVA_BYTE, offset, n);
      }
      case 2 -> {
        IntegerKernels.longsToShorts(lanes.longs, lanes.shorts, n);
        MemorySegment.copy(lanes.shorts, 0, target, JAVA_SHORT_UNALIGNED, offset, n);
      }
      case 4 -> {
        IntegerKernels.longsToInts(lanes.longs, lanes.ints, n);
        MemorySegment.copy(lanes.ints, 0, target, JAVA_INT_UNALIGNED, offset, n);
      }
      default -> MemorySegment.copy(lanes.longs, 0, target, JAVA_LONG_UNALIGNED, offset, n);
    }
  }

  @Override
  String text(Lanes lanes, int index) {
    return switch (exact) {
      case FLOAT32 -> Float.toString(lanes.floats[index]);
      case FLOAT64 -> Double.toString(lanes.doubles[index]);
      case UINT64 -> Long.toUnsignedString(lanes.longs[index]);
      default -> Long.toString(lanes.longs[index]);
    };
  }
}
