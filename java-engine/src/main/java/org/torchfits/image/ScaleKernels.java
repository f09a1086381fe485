package org.torchfits.image;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Stored values times scale plus zero, in double precision as cfitsio does it, then rounded once to
 * the element type. The stored value {@code blank}, if there is one, becomes NaN.
 *
 * <p>One plain loop a method and native segments only: that is what C2 turns into vector
 * instructions.
 */
final class ScaleKernels {
  private static final ValueLayout.OfShort SHORT =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt INT = JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfDouble DOUBLE =
      JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final int bitpix;
  private final double scale;
  private final double zero;
  private final @Nullable Long blank;

  ScaleKernels(StoredFormat format) {
    this.bitpix = format.bitpix();
    this.scale = format.scale();
    this.zero = format.zero();
    this.blank = format.blank();
  }

  PixelDecoder toFloat32() {
    PixelDecoder plain =
        switch (bitpix) {
          case 8 -> this::uint8ToFloat32;
          case 16 -> this::int16ToFloat32;
          case 32 -> this::int32ToFloat32;
          case 64 -> wideToFloat32();
          case -32 -> this::float32ToFloat32;
          default -> this::float64ToFloat32;
        };
    return withBlank(plain, JAVA_FLOAT_UNALIGNED.byteSize());
  }

  PixelDecoder toFloat64() {
    PixelDecoder plain =
        switch (bitpix) {
          case 8 -> this::uint8ToFloat64;
          case 16 -> this::int16ToFloat64;
          case 32 -> this::int32ToFloat64;
          case 64 -> isUnsigned() ? ScaleKernels::roundUint64ToFloat64 : this::int64ToFloat64;
          case -32 -> this::float32ToFloat64;
          default -> this::float64ToFloat64;
        };
    return withBlank(plain, JAVA_DOUBLE_UNALIGNED.byteSize());
  }

  private PixelDecoder wideToFloat32() {
    if (isUnsigned()) {
      return ScaleKernels::roundUint64ToFloat32;
    }
    return scale == 1 && zero == 0 ? ScaleKernels::roundInt64ToFloat32 : this::int64ToFloat32;
  }

  /**
   * Whether 64-bit values are unsigned by convention: adding BZERO to a double would round twice.
   */
  private boolean isUnsigned() {
    return scale == 1 && zero == 0x1p63;
  }

  /**
   * A second pass over the chunk, which is in the cache, keeps the loops above free of a test that
   * few images need.
   */
  private PixelDecoder withBlank(PixelDecoder plain, long elementBytes) {
    if (blank == null) {
      return plain;
    }
    long value = blank;
    return (source, sourceOffset, target, targetOffset, count) -> {
      plain.decode(source, sourceOffset, target, targetOffset, count);
      for (long i = 0; i < count; i++) {
        if (stored(source, sourceOffset, i) == value) {
          setNaN(target, targetOffset + elementBytes * i, elementBytes);
        }
      }
    };
  }

  private long stored(MemorySegment source, long offset, long index) {
    return switch (bitpix) {
      case 8 -> source.get(JAVA_BYTE, offset + index) & 0xFF;
      case 16 -> source.get(SHORT, offset + 2 * index);
      case 32 -> source.get(INT, offset + 4 * index);
      default -> source.get(LONG, offset + 8 * index);
    };
  }

  private static void setNaN(MemorySegment target, long offset, long elementBytes) {
    if (elementBytes == JAVA_FLOAT_UNALIGNED.byteSize()) {
      target.set(JAVA_FLOAT_UNALIGNED, offset, Float.NaN);
    } else {
      target.set(JAVA_DOUBLE_UNALIGNED, offset, Double.NaN);
    }
  }

  private void uint8ToFloat32(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      double value = (source.get(JAVA_BYTE, sourceOffset + i) & 0xFF);
      target.set(JAVA_FLOAT_UNALIGNED, targetOffset + 4 * i, (float) (value * scale + zero));
    }
  }

  private void int16ToFloat32(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      double value = source.get(SHORT, sourceOffset + 2 * i);
      target.set(JAVA_FLOAT_UNALIGNED, targetOffset + 4 * i, (float) (value * scale + zero));
    }
  }

  private void int32ToFloat32(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      double value = source.get(INT, sourceOffset + 4 * i);
      target.set(JAVA_FLOAT_UNALIGNED, targetOffset + 4 * i, (float) (value * scale + zero));
    }
  }

  private void int64ToFloat32(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      double value = source.get(LONG, sourceOffset + 8 * i);
      target.set(JAVA_FLOAT_UNALIGNED, targetOffset + 4 * i, (float) (value * scale + zero));
    }
  }

  private void float32ToFloat32(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      double value = source.get(FLOAT, sourceOffset + 4 * i);
      target.set(JAVA_FLOAT_UNALIGNED, targetOffset + 4 * i, (float) (value * scale + zero));
    }
  }

  private void float64ToFloat32(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      double value = source.get(DOUBLE, sourceOffset + 8 * i);
      target.set(JAVA_FLOAT_UNALIGNED, targetOffset + 4 * i, (float) (value * scale + zero));
    }
  }

  private void uint8ToFloat64(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      double value = (source.get(JAVA_BYTE, sourceOffset + i) & 0xFF);
      target.set(JAVA_DOUBLE_UNALIGNED, targetOffset + 8 * i, value * scale + zero);
    }
  }

  private void int16ToFloat64(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      double value = source.get(SHORT, sourceOffset + 2 * i);
      target.set(JAVA_DOUBLE_UNALIGNED, targetOffset + 8 * i, value * scale + zero);
    }
  }

  private void int32ToFloat64(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      double value = source.get(INT, sourceOffset + 4 * i);
      target.set(JAVA_DOUBLE_UNALIGNED, targetOffset + 8 * i, value * scale + zero);
    }
  }

  /** Rounded once: by way of a double it would be twice. */
  private static void roundInt64ToFloat32(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      target.set(
          JAVA_FLOAT_UNALIGNED,
          targetOffset + 4 * i,
          (float) source.get(LONG, sourceOffset + 8 * i));
    }
  }

  private static void roundUint64ToFloat32(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      long value = source.get(LONG, sourceOffset + 8 * i) ^ Long.MIN_VALUE;
      float rounded = value >= 0 ? value : (float) halved(value) * 2;
      target.set(JAVA_FLOAT_UNALIGNED, targetOffset + 4 * i, rounded);
    }
  }

  private static void roundUint64ToFloat64(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      long value = source.get(LONG, sourceOffset + 8 * i) ^ Long.MIN_VALUE;
      double rounded = value >= 0 ? value : (double) halved(value) * 2;
      target.set(JAVA_DOUBLE_UNALIGNED, targetOffset + 8 * i, rounded);
    }
  }

  /** Half of an unsigned number; the bit that would get lost is kept where rounding looks at it. */
  private static long halved(long value) {
    return (value >>> 1) | (value & 1);
  }

  private void int64ToFloat64(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      double value = source.get(LONG, sourceOffset + 8 * i);
      target.set(JAVA_DOUBLE_UNALIGNED, targetOffset + 8 * i, value * scale + zero);
    }
  }

  private void float32ToFloat64(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      double value = source.get(FLOAT, sourceOffset + 4 * i);
      target.set(JAVA_DOUBLE_UNALIGNED, targetOffset + 8 * i, value * scale + zero);
    }
  }

  private void float64ToFloat64(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    for (long i = 0; i < count; i++) {
      double value = source.get(DOUBLE, sourceOffset + 8 * i);
      target.set(JAVA_DOUBLE_UNALIGNED, targetOffset + 8 * i, value * scale + zero);
    }
  }
}
