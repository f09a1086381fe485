package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WidthKernelsTest {
  private static final ByteOrder NATIVE = ByteOrder.nativeOrder();

  private static int[] toInt32(MemorySegment source, int width, ByteOrder order, int count) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(JAVA_INT, count);
      WidthKernels.toInt32(source, width, order, target, count);
      return target.toArray(JAVA_INT);
    }
  }

  @Test
  void toInt32_eachWidth_keepsTheValue() {
    try (Arena arena = Arena.ofConfined()) {
      byte[] bytes = {0, 1, -1, 127, -128};
      assertArrayEquals(
          new int[] {0, 1, 255, 127, 128},
          toInt32(arena.allocateFrom(JAVA_BYTE, bytes), 1, NATIVE, 5));
      short[] shorts = {0, -1, 32767, -32768};
      assertArrayEquals(
          new int[] {0, -1, 32767, -32768},
          toInt32(arena.allocateFrom(JAVA_SHORT, shorts), 2, NATIVE, 4));
      assertArrayEquals(
          new int[] {0x1234, -2},
          toInt32(
              arena.allocateFrom(JAVA_BYTE, new byte[] {0x12, 0x34, -1, -2}),
              2,
              ByteOrder.BIG_ENDIAN,
              2));
      assertArrayEquals(
          new int[] {0x12345678},
          toInt32(
              arena.allocateFrom(JAVA_BYTE, new byte[] {0x12, 0x34, 0x56, 0x78}),
              4,
              ByteOrder.BIG_ENDIAN,
              1));
    }
  }

  private static long[] fromInt32(int width, int shift, boolean clip, int... values) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(8L * values.length, 8);
      MemorySegment source = arena.allocateFrom(JAVA_INT, values);
      WidthKernels.fromInt32(source, target, width, shift, clip, values.length);
      long[] result = new long[values.length];
      for (int i = 0; i < result.length; i++) {
        result[i] =
            switch (width) {
              case 1 -> target.getAtIndex(JAVA_BYTE, i) & 0xFF;
              case 2 -> target.getAtIndex(JAVA_SHORT, i);
              case 4 -> target.getAtIndex(JAVA_INT, i);
              default -> target.getAtIndex(JAVA_LONG, i);
            };
      }
      return result;
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 0, 255", "2, -32768, 32767"})
  void fromInt32_narrow_clipsOrRefuses(int width, int lowest, int highest) {
    long[] limits = {lowest, highest, 7};
    assertArrayEquals(limits, fromInt32(width, 0, false, lowest, highest, 7));
    assertArrayEquals(limits, fromInt32(width, 0, true, lowest - 9, highest + 9, 7));
    assertThrows(
        TileFormatException.class, () -> fromInt32(width, 0, false, lowest, highest + 1, 7));
    TileFormatException failure =
        assertThrows(TileFormatException.class, () -> fromInt32(width, 0, false, lowest - 1, 3, 7));
    assertEquals(
        "values from " + (lowest - 1) + " to 7 do not fit into ZBITPIX = " + 8 * width,
        failure.getMessage());
  }

  @Test
  void fromInt32_shift_isAdded() {
    assertArrayEquals(new long[] {-32768, 32767}, fromInt32(2, -32768, false, 0, 65535));
    assertThrows(TileFormatException.class, () -> fromInt32(2, -32768, false, 65536));
    assertThrows(TileFormatException.class, () -> fromInt32(2, -32768, false, -1));
    assertArrayEquals(new long[] {5}, fromInt32(4, -32768, false, 32773));
  }

  @Test
  void fromInt32_wide_keepsTheValue() {
    assertArrayEquals(
        new long[] {Integer.MIN_VALUE, 5}, fromInt32(8, 0, false, Integer.MIN_VALUE, 5));
    assertArrayEquals(new long[0], fromInt32(2, 0, false));
  }
}
