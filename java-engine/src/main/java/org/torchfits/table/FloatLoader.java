package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.TensorView;

/**
 * Gives the numbers of a column as float32, rounded to nearest, a null value as NaN.
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

  private final ElementType type;
  private final MemorySegment elements;
  private final @Nullable Long nullValue;

  /**
   * @param column of one axis, of a type of integers up to 64 bits (but not UINT64), FLOAT32 or
   *     FLOAT64; kept alive by the caller
   * @param nullValue of integers that stands for none; null if there is no such value
   * @throws IllegalArgumentException for columns of other types or shapes
   */
  FloatLoader(TensorView column, @Nullable Long nullValue) {
    if (column.shape().length != 1) {
      throw new IllegalArgumentException("a column of numbers has one axis");
    }
    this.type = column.type();
    this.elements = column.elements();
    this.nullValue = nullValue;
    load(0, 0, new Lanes(), new float[0]);
  }

  /** Number of rows. */
  long rows() {
    return elements.byteSize() / type.bytes();
  }

  /** The number of one row. {@link #load} would be compiled for counts of one by these calls. */
  float value(long row) {
    return switch (type) {
      case FLOAT32 -> elements.getAtIndex(JAVA_FLOAT, row);
      case FLOAT64 -> (float) elements.getAtIndex(JAVA_DOUBLE, row);
      case INT64 -> ofInteger(elements.getAtIndex(JAVA_LONG, row));
      case UINT32 -> ofInteger(elements.getAtIndex(JAVA_INT, row) & 0xFFFFFFFFL);
      case INT32 -> ofInteger(elements.getAtIndex(JAVA_INT, row));
      case INT16 -> ofInteger(elements.getAtIndex(JAVA_SHORT, row));
      case UINT16 -> ofInteger(elements.getAtIndex(JAVA_SHORT, row) & 0xFFFF);
      case INT8 -> ofInteger(elements.getAtIndex(JAVA_BYTE, row));
      case UINT8 -> ofInteger(elements.getAtIndex(JAVA_BYTE, row) & 0xFF);
      default -> throw refused();
    };
  }

  private float ofInteger(long value) {
    return nullValue != null && nullValue == value ? Float.NaN : value;
  }

  private IllegalArgumentException refused() {
    return new IllegalArgumentException(type + " is no type of a column of numbers");
  }

  /**
   * @param first row from 0
   * @param count at most {@link #LANE}
   * @param lanes are overwritten
   * @param into the first ones of it
   */
  void load(long first, int count, Lanes lanes, float[] into) {
    long at = first * type.bytes();
    switch (type) {
      case FLOAT32 -> MemorySegment.copy(elements, JAVA_FLOAT, at, into, 0, count);
      case FLOAT64 -> {
        MemorySegment.copy(elements, JAVA_DOUBLE, at, lanes.doubles, 0, count);
        ofDoubles(lanes.doubles, count, into);
      }
      case INT64 -> {
        MemorySegment.copy(elements, JAVA_LONG, at, lanes.longs, 0, count);
        ofLongs(lanes, count, into);
      }
      case UINT32 -> {
        MemorySegment.copy(elements, JAVA_INT, at, lanes.ints, 0, count);
        widen(lanes.ints, count, lanes.longs);
        ofLongs(lanes, count, into);
      }
      case INT32 -> {
        MemorySegment.copy(elements, JAVA_INT, at, lanes.ints, 0, count);
        ofInts(lanes.ints, count, into);
      }
      case INT16, UINT16 -> {
        MemorySegment.copy(elements, JAVA_SHORT, at, lanes.shorts, 0, count);
        widen(lanes.shorts, count, type == ElementType.INT16 ? -1 : 0xFFFF, lanes.ints);
        ofInts(lanes.ints, count, into);
      }
      case INT8, UINT8 -> {
        MemorySegment.copy(elements, JAVA_BYTE, at, lanes.bytes, 0, count);
        widen(lanes.bytes, count, type == ElementType.INT8 ? -1 : 0xFF, lanes.ints);
        ofInts(lanes.ints, count, into);
      }
      default -> throw refused();
    }
  }

  private static void widen(int[] from, int count, long[] to) {
    for (int i = 0; i < count; i++) {
      to[i] = from[i] & 0xFFFFFFFFL;
    }
  }

  private static void widen(short[] from, int count, int mask, int[] to) {
    for (int i = 0; i < count; i++) {
      to[i] = from[i] & mask;
    }
  }

  private static void widen(byte[] from, int count, int mask, int[] to) {
    for (int i = 0; i < count; i++) {
      to[i] = from[i] & mask;
    }
  }

  private static void ofDoubles(double[] from, int count, float[] to) {
    for (int i = 0; i < count; i++) {
      to[i] = (float) from[i];
    }
  }

  private void ofInts(int[] from, int count, float[] to) {
    convert(from, count, to);
    if (nullValue != null && nullValue == nullValue.intValue()) {
      putNulls(from, count, nullValue.intValue(), to);
    }
  }

  /** C2 makes vectors of conversions from int; of longs only where the core has AVX-512. */
  private void ofLongs(Lanes lanes, int count, float[] to) {
    if (narrow(lanes.longs, count, lanes.ints)) {
      convert(lanes.ints, count, to);
    } else {
      convert(lanes.longs, count, to);
    }
    if (nullValue != null) {
      putNulls(lanes.longs, count, nullValue, to);
    }
  }

  /** Whether nothing is lost. */
  private static boolean narrow(long[] from, int count, int[] to) {
    long lost = 0;
    for (int i = 0; i < count; i++) {
      int narrowed = (int) from[i];
      to[i] = narrowed;
      lost |= from[i] ^ narrowed;
    }
    return lost == 0;
  }

  private static void convert(int[] from, int count, float[] to) {
    for (int i = 0; i < count; i++) {
      to[i] = from[i];
    }
  }

  private static void convert(long[] from, int count, float[] to) {
    for (int i = 0; i < count; i++) {
      to[i] = from[i];
    }
  }

  private static void putNulls(int[] from, int count, int nullValue, float[] to) {
    for (int i = 0; i < count; i++) {
      to[i] = from[i] == nullValue ? Float.NaN : to[i];
    }
  }

  private static void putNulls(long[] from, int count, long nullValue, float[] to) {
    for (int i = 0; i < count; i++) {
      to[i] = from[i] == nullValue ? Float.NaN : to[i];
    }
  }
}
