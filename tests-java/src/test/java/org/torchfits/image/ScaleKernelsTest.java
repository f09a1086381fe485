package org.torchfits.image;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.dlpack.ElementType;

/** Each kernel against one value after the other through {@link ByteBuffer}. */
class ScaleKernelsTest {
  private static final double[][] SCALINGS = {
    {1, -0.0}, {1, 0x1p63}, {-2.5, 1e-3}, {3e38, 1}, {1e-40, 0}
  };

  static Stream<StoredFormat> formats() {
    List<StoredFormat> formats = new ArrayList<>();
    for (int bitpix : new int[] {8, 16, 32, 64, -32, -64}) {
      for (double[] scaling : SCALINGS) {
        for (ElementType type : new ElementType[] {ElementType.FLOAT32, ElementType.FLOAT64}) {
          formats.add(new StoredFormat(bitpix, type, scaling[0], scaling[1], null));
          if (bitpix > 0) {
            formats.add(new StoredFormat(bitpix, type, scaling[0], scaling[1], 7L));
          }
        }
      }
    }
    // Those that stay as they are belong to SwapKernels.
    return formats.stream().filter(format -> !format.isBitwise());
  }

  @ParameterizedTest
  @MethodSource("formats")
  void kernel_fewValues_isReference(StoredFormat format) {
    for (int count = 0; count <= 70; count++) {
      compare(format, 0, 0, count);
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void kernel_manyValues_isReference(StoredFormat format) {
    compare(format, 0, 0, 65536 + 3);
  }

  @ParameterizedTest
  @MethodSource("formats")
  void kernel_anyAlignment_isReference(StoredFormat format) {
    for (int from = 0; from < 9; from++) {
      for (int to = 0; to < 9; to++) {
        compare(format, from, to, 11);
      }
    }
  }

  private static byte[] decode(
      StoredFormat format, byte[] stored, int from, byte[] into, int to, int count) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = arena.allocateFrom(JAVA_BYTE, stored);
      MemorySegment target = arena.allocateFrom(JAVA_BYTE, into);
      PixelDecoder.of(format).decode(source, from, target, to, count);
      return target.toArray(JAVA_BYTE);
    }
  }

  /** Bytes around the target stay as they were. */
  private static void compare(StoredFormat format, int from, int to, int count) {
    int elementBytes = format.type().bytes();
    byte[] stored = stored(format, from, count);
    byte[] expected = new byte[to + count * elementBytes + 5];
    new Random(count + 1).nextBytes(expected);
    byte[] actual = decode(format, stored, from, expected, to, count);
    ByteBuffer reference = ByteBuffer.wrap(expected).order(ByteOrder.nativeOrder());
    for (int i = 0; i < count; i++) {
      Number value = physical(format, ByteBuffer.wrap(stored), from + i * format.storedBytes());
      put(format, reference, to + i * elementBytes, value);
    }
    assertArrayEquals(
        withOneNaN(format, expected, to, count),
        withOneNaN(format, actual, to, count),
        () -> format + " of " + count);
  }

  /** Random values, every fifth one small, so that the blank value 7 is among them. */
  private static byte[] stored(StoredFormat format, int from, int count) {
    byte[] stored = new byte[from + count * format.storedBytes() + 5];
    Random random = new Random(count);
    random.nextBytes(stored);
    ByteBuffer buffer = ByteBuffer.wrap(stored);
    for (int i = 0; i < count; i += 5) {
      putStored(buffer, from + i * format.storedBytes(), format.bitpix(), random.nextInt(12));
    }
    return stored;
  }

  private static void putStored(ByteBuffer buffer, int at, int bitpix, int value) {
    switch (bitpix) {
      case 8 -> buffer.put(at, (byte) value);
      case 16 -> buffer.putShort(at, (short) value);
      case 32 -> buffer.putInt(at, value);
      case 64 -> buffer.putLong(at, value);
      case -32 -> buffer.putFloat(at, value);
      default -> buffer.putDouble(at, value);
    }
  }

  /** The physical value; rounding it to the element's type is the one rounding that is allowed. */
  private static Number physical(StoredFormat format, ByteBuffer stored, int at) {
    if (format.blank() != null && integer(format.bitpix(), stored, at) == format.blank()) {
      return Double.NaN;
    }
    if (format.bitpix() == 64 && format.scale() == 1 && isWhole64(format.zero())) {
      return BigDecimal.valueOf(stored.getLong(at)).add(new BigDecimal(format.zero()));
    }
    double value =
        switch (format.bitpix()) {
          case -32 -> stored.getFloat(at);
          case -64 -> stored.getDouble(at);
          default -> integer(format.bitpix(), stored, at);
        };
    return value * format.scale() + format.zero();
  }

  /** Whether values stay integers of 64 bits, which a double on the way would round. */
  private static boolean isWhole64(double zero) {
    return zero == 0 || zero == 0x1p63;
  }

  private static long integer(int bitpix, ByteBuffer stored, int at) {
    return switch (bitpix) {
      case 8 -> stored.get(at) & 0xFF;
      case 16 -> stored.getShort(at);
      case 32 -> stored.getInt(at);
      default -> stored.getLong(at);
    };
  }

  private static void put(StoredFormat format, ByteBuffer target, int at, Number value) {
    if (format.type() == ElementType.FLOAT64) {
      target.putDouble(at, value.doubleValue());
    } else {
      target.putFloat(at, value.floatValue());
    }
  }

  private static byte[] withOneNaN(StoredFormat format, byte[] bytes, int to, int count) {
    long size = (long) count * format.type().bytes();
    Nans.unify(format.type(), MemorySegment.ofArray(bytes).asSlice(to, size));
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(longs = {0x7FFFFFBFFFFFFFFFL, 0x4000004000000001L, 16777217, Long.MIN_VALUE})
  void toFloat32_longUnscaled_isRoundedOnce(long stored) {
    StoredFormat format = new StoredFormat(64, ElementType.FLOAT32, 1, -0.0, null);
    byte[] bytes = ByteBuffer.allocate(8).putLong(stored).array();
    byte[] result = decode(format, bytes, 0, new byte[4], 0, 1);
    assertEquals(
        (float) stored, MemorySegment.ofArray(result).get(JAVA_FLOAT.withByteAlignment(1), 0));
  }

  @Test
  void toFloat64_negativeZeroUnscaled_keepsItsSign() {
    StoredFormat format = new StoredFormat(-32, ElementType.FLOAT64, 1, -0.0, null);
    byte[] bytes = ByteBuffer.allocate(4).putFloat(-0.0f).array();
    byte[] result = decode(format, bytes, 0, new byte[8], 0, 1);
    assertEquals(-0.0, MemorySegment.ofArray(result).get(JAVA_DOUBLE.withByteAlignment(1), 0));
  }

  @ParameterizedTest
  @ValueSource(ints = {-32, -64})
  void toFloat32_infinityAndNaN_stay(int bitpix) {
    StoredFormat format = new StoredFormat(bitpix, ElementType.FLOAT32, 2, 1, null);
    ByteBuffer stored = ByteBuffer.allocate(2 * format.storedBytes());
    if (bitpix == -32) {
      stored.putFloat(Float.NEGATIVE_INFINITY).putFloat(Float.NaN);
    } else {
      stored.putDouble(Double.NEGATIVE_INFINITY).putDouble(Double.NaN);
    }
    ByteBuffer result =
        ByteBuffer.wrap(decode(format, stored.array(), 0, new byte[8], 0, 2))
            .order(ByteOrder.nativeOrder());
    assertEquals(Float.NEGATIVE_INFINITY, result.getFloat(0));
    assertTrue(Float.isNaN(result.getFloat(4)));
  }
}
