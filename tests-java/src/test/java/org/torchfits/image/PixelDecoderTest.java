package org.torchfits.image;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.dlpack.ElementType;
import org.torchfits.kernel.Lanes;

/** Decoders that convert, against one value after the other through {@link ByteBuffer}. */
class PixelDecoderTest {
  private static final double[][] SCALINGS = {
    {1, 0}, {1, 0x1p63}, {1, 0x1p15}, {-2.5, 1e-3}, {3e38, 1}, {1e-40, 0}
  };
  private static final int[] BITPIX = {8, 16, 32, 64, -32, -64};
  private static final ElementType[] FLOATING = {
    ElementType.FLOAT16, ElementType.BFLOAT16, ElementType.FLOAT32, ElementType.FLOAT64
  };

  static Stream<StoredFormat> floatingFormats() {
    List<StoredFormat> formats = new ArrayList<>();
    for (int bitpix : BITPIX) {
      for (double[] scaling : SCALINGS) {
        for (ElementType type : FLOATING) {
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
  @MethodSource("floatingFormats")
  void floating_fewValues_isReference(StoredFormat format) {
    for (int count = 0; count <= 70; count++) {
      compare(format, 0, 0, count);
    }
  }

  @ParameterizedTest
  @MethodSource("floatingFormats")
  void floating_severalBlocks_isReference(StoredFormat format) {
    for (int count :
        new int[] {Lanes.LENGTH - 1, Lanes.LENGTH, Lanes.LENGTH + 1, 5 * Lanes.LENGTH + 3}) {
      compare(format, 0, 0, count);
    }
  }

  @ParameterizedTest
  @MethodSource("floatingFormats")
  void floating_anyAlignment_isReference(StoredFormat format) {
    for (int from = 0; from < 9; from++) {
      for (int to = 0; to < 9; to++) {
        compare(format, from, to, 11);
      }
    }
  }

  /** Every value of 16 bits, under scalings that do and do not fit into a float. */
  @ParameterizedTest
  @CsvSource({"1, 0", "1, 32768", "0.1, -7.3", "1e-3, 1e5", "0.25, 3"})
  void floating_every16BitValue_isReference(double scale, double zero) {
    ByteBuffer stored = ByteBuffer.allocate(2 << 16);
    for (int value = 0; value < 1 << 16; value++) {
      stored.putShort((short) value);
    }
    for (ElementType type : FLOATING) {
      for (Long blank : new @Nullable Long[] {null, -7L, 65536L}) {
        compare(new StoredFormat(16, type, scale, zero, blank), 0, 0, stored.array());
      }
    }
  }

  private static byte[] decode(
      PixelDecoder decoder, byte[] stored, int from, byte[] into, int to, int count) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = arena.allocateFrom(JAVA_BYTE, stored);
      MemorySegment target = arena.allocateFrom(JAVA_BYTE, into);
      decoder.decode(source, from, target, to, count);
      return target.toArray(JAVA_BYTE);
    }
  }

  private static void compare(StoredFormat format, int from, int to, int count) {
    compare(format, from, to, stored(format, from, count));
  }

  /** Bytes around the target stay as they were. */
  private static void compare(StoredFormat format, int from, int to, byte[] stored) {
    int width = format.storedBytes();
    int count = (stored.length - from) / width;
    byte[] expected = new byte[to + count * format.type().bytes() + 5];
    new Random(count + 1).nextBytes(expected);
    byte[] before = expected.clone();
    ByteBuffer reference = ByteBuffer.wrap(expected).order(ByteOrder.nativeOrder());
    for (int i = 0; i < count; i++) {
      Number value = physical(format, ByteBuffer.wrap(stored), from + i * width);
      put(format.type(), reference, to + i * format.type().bytes(), value);
    }
    byte[] actual = decode(PixelDecoder.of(format), stored, from, before, to, count);
    assertArrayEquals(expected, actual, () -> format + " of " + count);
    byte[] turned = turned(stored, from, count, width);
    actual = decode(PixelDecoder.ofNative(format), turned, from, before, to, count);
    assertArrayEquals(expected, actual, () -> format + " of " + count + " in native order");
  }

  /** The same values in the other byte order. */
  private static byte[] turned(byte[] stored, int from, int count, int width) {
    byte[] turned = stored.clone();
    for (int i = 0; i < count * width; i++) {
      turned[from + i] = stored[from + i - i % width + width - 1 - i % width];
    }
    return turned;
  }

  /** Random values, every fifth one small, so that the blank value 7 is among them. */
  private static byte[] stored(StoredFormat format, int from, int count) {
    byte[] stored = new byte[from + count * format.storedBytes()];
    Random random = new Random(count);
    random.nextBytes(stored);
    ByteBuffer buffer = ByteBuffer.wrap(stored);
    for (int i = 0; i < count; i++) {
      if (i % 5 == 0 || format.bitpix() < 0) {
        putStored(buffer, from + i * format.storedBytes(), format.bitpix(), random, i % 5 == 0);
      }
    }
    return stored;
  }

  private static void putStored(
      ByteBuffer buffer, int at, int bitpix, Random random, boolean small) {
    int value = random.nextInt(12);
    double spread = small ? value : Math.scalb(random.nextGaussian(), random.nextInt(-40, 40));
    switch (bitpix) {
      case 8 -> buffer.put(at, (byte) value);
      case 16 -> buffer.putShort(at, (short) value);
      case 32 -> buffer.putInt(at, value);
      case 64 -> buffer.putLong(at, value);
      case -32 -> buffer.putFloat(at, (float) spread);
      default -> buffer.putDouble(at, spread);
    }
  }

  /** The physical value; rounding it to the element's type is the one rounding that is allowed. */
  private static Number physical(StoredFormat format, ByteBuffer stored, int at) {
    if (format.blank() != null && integer(format.bitpix(), stored, at) == format.blank()) {
      return Double.NaN;
    }
    if (format.bitpix() == 64 && (format.isUnscaled() || format.isShifted())) {
      return BigDecimal.valueOf(stored.getLong(at)).add(new BigDecimal(format.zero()));
    }
    double value =
        switch (format.bitpix()) {
          case -32 -> stored.getFloat(at);
          case -64 -> stored.getDouble(at);
          default -> integer(format.bitpix(), stored, at);
        };
    return format.isUnscaled() ? value : value * format.scale() + format.zero();
  }

  private static long integer(int bitpix, ByteBuffer stored, int at) {
    return switch (bitpix) {
      case 8 -> stored.get(at) & 0xFF;
      case 16 -> stored.getShort(at);
      case 32 -> stored.getInt(at);
      default -> stored.getLong(at);
    };
  }

  private static void put(ElementType type, ByteBuffer target, int at, Number value) {
    switch (type) {
      case FLOAT64 -> target.putDouble(at, value.doubleValue());
      case FLOAT32 -> target.putFloat(at, value.floatValue());
      case FLOAT16 -> target.putShort(at, Float.floatToFloat16(value.floatValue()));
      default -> target.putShort(at, bfloat16(value.floatValue()));
    }
  }

  /** The nearest of the two numbers around it; the even one if it is in the middle. */
  private static short bfloat16(float value) {
    if (Float.isNaN(value)) {
      return 0x7FC0;
    }
    if (Float.isInfinite(value)) {
      return (short) (Float.floatToIntBits(value) >>> 16);
    }
    int below = Float.floatToIntBits(value) >>> 16;
    BigDecimal exact = new BigDecimal(value);
    int order =
        exact.subtract(bfloat16(below)).abs().compareTo(exact.subtract(bfloat16(below + 1)).abs());
    return (short) (order < 0 || (order == 0 && below % 2 == 0) ? below : below + 1);
  }

  /** With infinity as what would follow the largest number. */
  private static BigDecimal bfloat16(int bits) {
    float value = Float.intBitsToFloat(bits << 16);
    return Float.isInfinite(value)
        ? new BigDecimal(Math.copySign(0x1p128, value))
        : new BigDecimal(value);
  }

  @ParameterizedTest
  @ValueSource(longs = {0x7FFFFFBFFFFFFFFFL, 0x4000004000000001L, 16777217, Long.MIN_VALUE})
  void toFloat32_longUnscaled_isRoundedOnce(long stored) {
    StoredFormat format = new StoredFormat(64, ElementType.FLOAT32, 1, 0, null);
    byte[] bytes = ByteBuffer.allocate(8).putLong(stored).array();
    byte[] result = decode(PixelDecoder.of(format), bytes, 0, new byte[4], 0, 1);
    assertEquals((float) stored, ByteBuffer.wrap(result).order(ByteOrder.nativeOrder()).getFloat());
  }

  @ParameterizedTest
  @EnumSource(
      value = ElementType.class,
      names = {"FLOAT16", "BFLOAT16", "FLOAT64"})
  void floating_negativeZeroInfinityNaN_stay(ElementType type) {
    StoredFormat format = new StoredFormat(-32, type, 1, 0, null);
    ByteBuffer stored = ByteBuffer.allocate(16);
    stored.putFloat(-0.0f).putFloat(Float.NEGATIVE_INFINITY).putFloat(Float.NaN).putFloat(3.4e38f);
    compare(format, 0, 0, stored.array());
  }

  // Integers

  /** Of each stored type to each integer type, with values around the bounds of all types. */
  @ParameterizedTest
  @CsvSource({
    "8, 0",
    "8, -128",
    "16, 0",
    "16, 32768",
    "32, 0",
    "32, 2147483648",
    "64, 0",
    "64, 9223372036854775808"
  })
  void integers_aroundAllBounds_areHeldOrNamed(int bitpix, double zero) {
    for (long stored : edges(bitpix)) {
      BigInteger value =
          BigInteger.valueOf(bitpix == 8 ? stored & 0xFF : stored)
              .add(new BigDecimal(zero).toBigInteger());
      for (ElementType type : ElementType.values()) {
        StoredFormat format = new StoredFormat(bitpix, type, 1, zero, null);
        if (bounds(type) != null && !format.isBitwise()) {
          requireHeldOrNamed(format, integerBytes(bitpix, stored), value);
        }
      }
    }
  }

  private static List<Long> edges(int bitpix) {
    List<Long> edges = new ArrayList<>(List.of(0L, 5L, Long.MIN_VALUE, Long.MAX_VALUE));
    for (int bit : new int[] {7, 8, 15, 16, 31, 32, 62}) {
      for (long delta = -1; delta <= 1; delta++) {
        edges.add((1L << bit) + delta);
        edges.add(-(1L << bit) + delta);
        edges.add((1L << bit) + delta + Long.MIN_VALUE);
      }
    }
    int spare = 64 - bitpix;
    return edges.stream().map(edge -> edge << spare >> spare).distinct().toList();
  }

  private static byte[] integerBytes(int bitpix, long value) {
    return switch (bitpix) {
      case 8 -> new byte[] {(byte) value};
      case 16 -> ByteBuffer.allocate(2).putShort((short) value).array();
      case 32 -> ByteBuffer.allocate(4).putInt((int) value).array();
      default -> ByteBuffer.allocate(8).putLong(value).array();
    };
  }

  /** Smallest and largest number; null for a type that is none of integers. */
  private static BigInteger @Nullable [] bounds(ElementType type) {
    BigInteger one = BigInteger.ONE;
    int bits = 8 * type.bytes();
    return switch (type) {
      case INT8, INT16, INT32, INT64 ->
          new BigInteger[] {
            one.shiftLeft(bits - 1).negate(), one.shiftLeft(bits - 1).subtract(one)
          };
      case UINT8, UINT16, UINT32, UINT64 ->
          new BigInteger[] {BigInteger.ZERO, one.shiftLeft(bits).subtract(one)};
      default -> null;
    };
  }

  /** As the last of some values, the others 0 or, where that is not held, the same one. */
  private static void requireHeldOrNamed(StoredFormat format, byte[] stored, BigInteger value) {
    PixelDecoder decoder = PixelDecoder.of(format);
    BigInteger[] bounds = java.util.Objects.requireNonNull(bounds(format.type()));
    if (value.compareTo(bounds[0]) >= 0 && value.compareTo(bounds[1]) <= 0) {
      byte[] result = decode(decoder, stored, 0, new byte[format.type().bytes()], 0, 1);
      assertArrayEquals(nativeBytes(value, format.type().bytes()), result, format::toString);
    } else {
      ValueRangeException refused =
          assertThrows(
              ValueRangeException.class,
              () -> decode(decoder, stored, 0, new byte[8], 0, 1),
              () -> format + " of " + value);
      assertEquals(value.toString(), refused.getMessage());
      assertEquals(0, refused.index());
    }
  }

  private static byte[] nativeBytes(BigInteger value, int width) {
    byte[] bytes = new byte[width];
    for (int i = 0; i < width; i++) {
      int place = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? i : width - 1 - i;
      bytes[place] = value.shiftRight(8 * i).byteValue();
    }
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2047, 2048, 2049, 6000})
  void integers_oneBadValue_isNamedByItsIndex(int index) {
    StoredFormat format = new StoredFormat(16, ElementType.UINT8, 1, 0, null);
    ByteBuffer stored = ByteBuffer.allocate(2 * 7000).putShort(2 * index, (short) 256);
    stored.putShort(2 * 6999, (short) -1);
    ValueRangeException refused =
        assertThrows(
            ValueRangeException.class,
            () -> decode(PixelDecoder.of(format), stored.array(), 0, new byte[7000], 0, 7000));
    assertEquals(index, refused.index());
    assertEquals("256", refused.getMessage());
  }

  @Test
  void integers_ofScaledValues_areThoseOfTheExactType() {
    // 0.1 * 30 is 3.0000000000000004 in double precision, and 3 as a float.
    StoredFormat format = new StoredFormat(16, ElementType.INT32, 0.1, 0, null);
    byte[] stored = ByteBuffer.allocate(4).putShort((short) 30).putShort((short) 5).array();
    byte[] result = decode(PixelDecoder.of(format), stored, 0, new byte[4], 0, 1);
    assertArrayEquals(nativeBytes(BigInteger.valueOf(3), 4), result);
    ValueRangeException refused =
        assertThrows(
            ValueRangeException.class,
            () -> decode(PixelDecoder.of(format), stored, 0, new byte[8], 0, 2));
    assertEquals("0.5", refused.getMessage());
    assertEquals(1, refused.index());
  }

  @ParameterizedTest
  @CsvSource({
    "UINT64, 18446744073709549568, true",
    "UINT64, 18446744073709551616, false",
    "UINT64, 9223372036854775808, true",
    "INT64, 9223372036854775808, false",
    "INT64, 9223372036854774784, true",
    "INT64, -9223372036854775808, true",
    "INT64, -9223372036854777856, false",
    "UINT64, -1, false",
    "INT32, 2147483647, true",
    "INT32, 2147483648, false",
    "UINT8, 255.5, false",
    "UINT8, 255, true"
  })
  void integers_ofDoublesAtBounds_areHeldOrNamed(ElementType type, String number, boolean held) {
    StoredFormat format = new StoredFormat(-64, type, 1, 0, null);
    double value = Double.parseDouble(number);
    byte[] stored = ByteBuffer.allocate(8).putDouble(value).array();
    byte[] into = new byte[type.bytes()];
    if (held) {
      BigInteger expected = new BigDecimal(value).toBigIntegerExact();
      assertArrayEquals(
          nativeBytes(expected, type.bytes()),
          decode(PixelDecoder.of(format), stored, 0, into, 0, 1));
    } else {
      ValueRangeException refused =
          assertThrows(
              ValueRangeException.class,
              () -> decode(PixelDecoder.of(format), stored, 0, into, 0, 1));
      assertEquals(Double.toString(value), refused.getMessage());
    }
  }
}
