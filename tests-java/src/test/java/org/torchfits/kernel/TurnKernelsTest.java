package org.torchfits.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TurnKernelsTest {
  private static MemorySegment random(Arena arena, int bytes) {
    byte[] values = new byte[bytes];
    new Random(bytes).nextBytes(values);
    return arena.allocateFrom(JAVA_BYTE, values);
  }

  private static void requireValue(
      int valueBytes, MemorySegment source, long from, MemorySegment target, long to) {
    assertEquals(
        -1, source.asSlice(from, valueBytes).mismatch(target.asSlice(to, valueBytes)), "at " + to);
  }

  @ParameterizedTest
  @CsvSource({"1, 7", "2, 8", "2, 9", "4, 1", "4, 2", "4, 64", "4, 65", "8, 1", "8, 6", "4, 0"})
  void reverse_aRow_lastValueIsFirst(int valueBytes, int count) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment row = random(arena, valueBytes * count);
      MemorySegment target = arena.allocate((long) valueBytes * count + 1);
      TurnKernels.reverse(valueBytes, row, target.asSlice(0, row.byteSize()));
      for (int i = 0; i < count; i++) {
        requireValue(
            valueBytes, row, (long) (count - 1 - i) * valueBytes, target, (long) i * valueBytes);
      }
      assertEquals(0, target.get(JAVA_BYTE, row.byteSize()));
    }
  }

  /** Rows and columns of the target, less and more than a block of the kernel. */
  @ParameterizedTest
  @CsvSource({
    "1, 5, 3",
    "2, 32, 33",
    "4, 65, 40",
    "4, 1, 7",
    "4, 33, 31",
    "4, 2, 2",
    "8, 31, 64",
    "8, 7, 1"
  })
  void transpose_alsoBackwards_eachValueIsInItsPlace(int valueBytes, int rows, int columns) {
    try (Arena arena = Arena.ofConfined()) {
      int bytes = valueBytes * rows * columns;
      MemorySegment plane = random(arena, bytes);
      for (boolean backwards : new boolean[] {false, true}) {
        int row = backwards ? -valueBytes : valueBytes;
        int column = backwards ? -valueBytes * rows : valueBytes * rows;
        int first = backwards ? bytes - valueBytes : 0;
        MemorySegment target = arena.allocate(bytes);
        TurnKernels.transpose(valueBytes, plane, first, row, column, target, rows, columns);
        for (int i = 0; i < rows * columns; i++) {
          long from = first + (long) (i / columns) * row + (long) (i % columns) * column;
          requireValue(valueBytes, plane, from, target, (long) i * valueBytes);
        }
      }
    }
  }
}
