package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.ElementType;

/**
 * Makes float32 of numbers, rounded to nearest, and NaN of a null value.
 *
 * <p>Safe for use by several threads: what passes through is theirs.
 */
final class FloatLoader {
  /** Numbers that are converted at a time; they stay in the core's first cache. */
  static final int LANE = 1024;

  /** Arrays that numbers pass through: loops over arrays are what C2 makes vectors of. */
  static final class Lanes {
    private final byte[] bytes = new byte[LANE];
    private final short[] shorts = new short[LANE];
    private final int[] ints = new int[LANE];
    private final long[] longs = new long[LANE];
    private final double[] doubles = new double[LANE];
  }

  private static final Set<ElementType> TYPES =
      EnumSet.of(
          ElementType.INT8,
          ElementType.UINT8,
          ElementType.INT16,
          ElementType.UINT16,
          ElementType.INT32,
          ElementType.UINT32,
          ElementType.INT64,
          ElementType.FLOAT32,
          ElementType.FLOAT64);

  private final ElementType type;
  private final @Nullable Long nullValue;

  /**
   * @param type of integers up to 64 bits (but not UINT64), FLOAT32 or FLOAT64
   * @param nullValue of integers that stands for none; null if there is no such value
   * @throws IllegalArgumentException for other types
   */
  FloatLoader(ElementType type, @Nullable Long nullValue) {
    this.type = type;
    this.nullValue = nullValue;
    if (!TYPES.contains(type)) {
      throw refused();
    }
  }

  private IllegalArgumentException refused() {
    return new IllegalArgumentException(type + " is no type of a column of numbers");
  }

  /**
   * @param elements numbers of the type
   * @param first of them, from 0
   * @param count at most {@link #LANE}
   * @param lanes are overwritten
   * @param into the first ones of it
   */
  void load(MemorySegment elements, long first, int count, Lanes lanes, float[] into) {
    long at = first * type.bytes();
    switch (type) {
      case FLOAT32 -> MemorySegment.copy(elements, JAVA_FLOAT, at, into, 0, count);
      case FLOAT64 -> {
        MemorySegment.copy(elements, JAVA_DOUBLE, at, lanes.doubles, 0, count);
        FrameKernels.ofDoubles(lanes.doubles, count, into);
      }
      case INT64 -> {
        MemorySegment.copy(elements, JAVA_LONG, at, lanes.longs, 0, count);
        ofLongs(lanes, count, into);
      }
      case UINT32 -> {
        MemorySegment.copy(elements, JAVA_INT, at, lanes.ints, 0, count);
        FrameKernels.widen(lanes.ints, count, lanes.longs);
        ofLongs(lanes, count, into);
      }
      case INT32 -> {
        MemorySegment.copy(elements, JAVA_INT, at, lanes.ints, 0, count);
        ofInts(lanes.ints, count, into);
      }
      case INT16, UINT16 -> {
        MemorySegment.copy(elements, JAVA_SHORT, at, lanes.shorts, 0, count);
        FrameKernels.widen(
            lanes.shorts, count, type == ElementType.INT16 ? -1 : 0xFFFF, lanes.ints);
        ofInts(lanes.ints, count, into);
      }
      case INT8, UINT8 -> {
        MemorySegment.copy(elements, JAVA_BYTE, at, lanes.bytes, 0, count);
        FrameKernels.widen(lanes.bytes, count, type == ElementType.INT8 ? -1 : 0xFF, lanes.ints);
        ofInts(lanes.ints, count, into);
      }
      default -> throw refused();
    }
  }

  private void ofInts(int[] from, int count, float[] to) {
    FrameKernels.convert(from, count, to);
    if (nullValue != null && nullValue == nullValue.intValue()) {
      FrameKernels.putNulls(from, count, nullValue.intValue(), to);
    }
  }

  /** C2 makes vectors of conversions from int; of longs only where the core has AVX-512. */
  private void ofLongs(Lanes lanes, int count, float[] to) {
    if (FrameKernels.narrow(lanes.longs, count, lanes.ints)) {
      FrameKernels.convert(lanes.ints, count, to);
    } else {
      FrameKernels.convert(lanes.longs, count, to);
    }
    if (nullValue != null) {
      FrameKernels.putNulls(lanes.longs, count, nullValue, to);
    }
  }
}
