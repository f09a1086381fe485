package org.torchfits.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_CHAR;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each kernel against one value after the other through {@link ByteBuffer}. */
class SwapKernelsTest {
  /** The form of all of them. */
  interface Loop {
    void decode(
        MemorySegment source,
        long sourceOffset,
        MemorySegment target,
        long targetOffset,
        long count);
  }

  /**
   * A kernel and what it does to one value.
   *
   * @param bytes of a value
   * @param flip the bits that it turns over
   */
  record Kernel(String name, int bytes, long flip, Loop decoder) {
    /** Turns the value at {@code offset} of big-endian bytes over. */
    void reference(ByteBuffer source, ByteBuffer target, int from, int to) {
      switch (bytes) {
        case 1 -> target.put(to, (byte) (source.get(from) ^ flip));
        case 2 -> target.putShort(to, (short) (source.getShort(from) ^ flip));
        case 4 -> target.putInt(to, (int) (source.getInt(from) ^ flip));
        default -> target.putLong(to, source.getLong(from) ^ flip);
      }
    }
  }

  static Stream<Kernel> kernels() {
    return Stream.of(
        new Kernel("copy1", 1, 0, SwapKernels::copy1),
        new Kernel("flip1", 1, 0x80, SwapKernels::flip1),
        new Kernel("swap2", 2, 0, SwapKernels::swap2),
        new Kernel("flip2", 2, 0x8000, SwapKernels::flip2),
        new Kernel("swap4", 4, 0, SwapKernels::swap4),
        new Kernel("flip4", 4, 0x8000_0000L, SwapKernels::flip4),
        new Kernel("swap8", 8, 0, SwapKernels::swap8),
        new Kernel("flip8", 8, Long.MIN_VALUE, SwapKernels::flip8));
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void kernel_fewValues_isReference(Kernel kernel) {
    IntStream.rangeClosed(0, 70).forEach(count -> compare(kernel, 0, 0, count));
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void kernel_manyValues_isReference(Kernel kernel) {
    compare(kernel, 0, 0, 65536 + 3);
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void kernel_anyAlignment_isReference(Kernel kernel) {
    for (int from = 0; from < 9; from++) {
      for (int to = 0; to < 9; to++) {
        compare(kernel, from, to, 37);
      }
    }
  }

  @Test
  void flip2_extremes_becomeUnsigned() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source =
          arena.allocateFrom(
              JAVA_BYTE, new byte[] {(byte) 0x80, 0, (byte) 0xFF, (byte) 0xFF, 0, 0});
      MemorySegment target = arena.allocate(6, 2);
      SwapKernels.flip2(source, 0, target, 0, 3);
      assertArrayEquals(new char[] {0, 32767, 32768}, target.toArray(JAVA_CHAR));
    }
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void kernel_samePlace_isReference(Kernel kernel) {
    for (int cold : new int[] {SwapKernels.COLD_ELEMENTS, 0}) {
      byte[] stored = new byte[41 * kernel.bytes()];
      new Random(41).nextBytes(stored);
      ByteBuffer expected = ByteBuffer.allocate(stored.length).order(ByteOrder.nativeOrder());
      for (int i = 0; i < stored.length; i += kernel.bytes()) {
        kernel.reference(ByteBuffer.wrap(stored), expected, i, i);
      }
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment place = arena.allocateFrom(JAVA_BYTE, stored);
        SwapKernels.cold = cold;
        kernel.decoder().decode(place, 0, place, 0, 41);
        assertArrayEquals(expected.array(), place.toArray(JAVA_BYTE), kernel.name());
      }
    }
  }

  private static void compare(Kernel kernel, int from, int to, int count) {
    for (int cold : new int[] {SwapKernels.COLD_ELEMENTS, 0}) {
      SwapKernels.cold = cold;
      compareOnce(kernel, from, to, count);
    }
  }

  /** Bytes around the target stay as they were. */
  private static void compareOnce(Kernel kernel, int from, int to, int count) {
    byte[] stored = new byte[from + count * kernel.bytes() + 5];
    byte[] expected = new byte[to + count * kernel.bytes() + 5];
    new Random(count).nextBytes(stored);
    new Random(count + 1).nextBytes(expected);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = arena.allocateFrom(JAVA_BYTE, stored);
      MemorySegment target = arena.allocateFrom(JAVA_BYTE, expected);
      kernel.decoder().decode(source, from, target, to, count);
      ByteBuffer reference = ByteBuffer.wrap(expected).order(ByteOrder.nativeOrder());
      for (int i = 0; i < count; i++) {
        kernel.reference(
            ByteBuffer.wrap(stored), reference, from + i * kernel.bytes(), to + i * kernel.bytes());
      }
      assertArrayEquals(expected, target.toArray(JAVA_BYTE), kernel.name() + " of " + count);
    }
  }
}
