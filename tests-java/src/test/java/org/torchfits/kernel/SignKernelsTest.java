package org.torchfits.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SignKernelsTest {
  @ParameterizedTest
  @CsvSource({"1, 0", "1, 77", "2, 1", "2, 1003", "4, 37", "8, 19"})
  void flip_anyWidth_changesTheHighestBits(int width, int count) {
    byte[] bytes = new byte[width * count];
    new Random(1).nextBytes(bytes);
    byte[] expected = bytes.clone();
    int sign = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN ? width - 1 : 0;
    for (int i = 0; i < count; i++) {
      expected[i * width + sign] ^= (byte) 0x80;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment values = arena.allocateFrom(JAVA_BYTE, bytes);
      SignKernels.flip(values, width, count);
      assertArrayEquals(expected, values.toArray(JAVA_BYTE));
    }
  }
}
