package org.torchfits.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GatherKernelsTest {
  private static MemorySegment random(Arena arena, long bytes) {
    byte[] values = new byte[(int) bytes];
    new Random(bytes).nextBytes(values);
    return arena.allocateFrom(JAVA_BYTE, values);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 100, 3", "1, 1, 5, 3", "1, 7, 100, 3", "1, -1, 100, 600", "1, -3, 100, 600",
    "2, 2, 100, 3", "2, 2, 5, 3", "2, 7, 100, 3", "2, -2, 100, 600", "2, -6, 100, 601",
    "4, 4, 100, 3", "4, 4, 5, 3", "4, 8, 100, 3", "4, -4, 100, 601", "4, 5, 100, 0",
    "8, 8, 100, 3", "8, 8, 5, 3", "8, 9, 100, 3", "8, -8, 100, 992", "8, -8, 1, 992",
    "8, 16, 0, 0"
  })
  void gather_values_arePacked(int valueBytes, long distance, long count, long sourceOffset) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = random(arena, 1000);
      MemorySegment target = arena.allocate(1000);
      GatherKernels.gather(valueBytes, source, sourceOffset, distance, target, 5, count);
      for (long i = 0; i < count; i++) {
        MemorySegment expected = source.asSlice(sourceOffset + i * distance, valueBytes);
        assertEquals(-1, expected.mismatch(target.asSlice(5 + i * valueBytes, valueBytes)));
      }
      assertEquals(0, target.get(JAVA_BYTE, 4));
      assertEquals(0, target.get(JAVA_BYTE, 5 + count * valueBytes));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 7, 3, 100",
    "1, -3, 600, 100",
    "2, 2, 3, 100",
    "2, -6, 601, 100",
    "4, 4, 3, 100",
    "4, 9, 1, 99",
    "4, -9, 996, 99",
    "4, -9, 0, 1",
    "4, 0, 0, 3",
    "8, 8, 3, 100",
    "8, -9, 992, 100",
    "8, -9, 992, 99",
    "8, 10, 2, 99",
    "8, -9, 0, 1"
  })
  void gatherSwapped_values_areReversed(
      int valueBytes, long distance, long sourceOffset, int count) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = random(arena, 1000);
      MemorySegment target = arena.allocate(1000);
      GatherKernels.gatherSwapped(valueBytes, source, sourceOffset, distance, target, 5, count);
      for (int i = 0; i < count; i++) {
        for (int b = 0; b < valueBytes; b++) {
          byte expected = source.get(JAVA_BYTE, sourceOffset + i * distance + valueBytes - 1 - b);
          assertEquals(expected, target.get(JAVA_BYTE, 5 + (long) i * valueBytes + b));
        }
      }
      assertEquals(0, target.get(JAVA_BYTE, 4));
      assertEquals(0, target.get(JAVA_BYTE, 5 + (long) count * valueBytes));
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 9", "2, 2", "3, 3", "3, 7", "8, 9", "12, 12", "17, 19"})
  void gatherFields_anySize_arePacked(long fieldBytes, long distance) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = random(arena, 1000);
      MemorySegment target = arena.allocate(1000);
      GatherKernels.gatherFields(fieldBytes, source, 3, distance, target, 5, 50);
      for (long i = 0; i < 50; i++) {
        MemorySegment expected = source.asSlice(3 + i * distance, fieldBytes);
        assertEquals(-1, expected.mismatch(target.asSlice(5 + i * fieldBytes, fieldBytes)));
      }
    }
  }

  @Test
  void gather_beyondTheSource_isRefused() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = random(arena, 100);
      MemorySegment target = arena.allocate(1000);
      assertThrows(
          IndexOutOfBoundsException.class,
          () -> GatherKernels.gather(4, source, 0, 10, target, 0, 11));
      assertThrows(
          IndexOutOfBoundsException.class,
          () -> GatherKernels.gather(4, source, 30, -10, target, 0, 5));
      assertThrows(
          IndexOutOfBoundsException.class,
          () -> GatherKernels.gatherSwapped(4, source, 0, 10, target, 0, 11));
      assertThrows(
          IndexOutOfBoundsException.class,
          () -> GatherKernels.gatherSwapped(8, source, 20, -10, target, 0, 4));
    }
  }
}
