package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RowSelectionTest {
  private static final byte[] STATES = {Truth.FALSE, Truth.UNKNOWN, Truth.TRUE};

  @ParameterizedTest
  @ValueSource(ints = {1, 63, 64, 65, 128, 1000, 5000})
  void list_randomTruths_hasTheTrueOnes(int rows) {
    Random random = new Random(rows);
    byte[] truths = new byte[rows];
    IntStream.range(0, rows).forEach(i -> truths[i] = STATES[random.nextInt(3)]);
    long[] expected =
        IntStream.range(0, rows)
            .filter(i -> truths[i] == Truth.TRUE)
            .mapToLong(i -> 7 + 3L * i)
            .toArray();
    Rows of = Rows.range(7, 3, rows, 1_000_000);
    try (RowSelection selection = new RowSelection(rows);
        Arena arena = Arena.ofConfined()) {
      fill(selection, truths, random);
      long[] places = selection.counts(128);
      assertEquals(expected.length, places[places.length - 1]);
      MemorySegment list = arena.allocate(JAVA_LONG, expected.length);
      for (int piece = 0; piece < places.length - 1; piece++) {
        selection.list(of, piece * 128L, 128, list.asSlice(places[piece] * Long.BYTES));
      }
      assertArrayEquals(expected, list.toArray(JAVA_LONG));
    }
  }

  private static void fill(RowSelection selection, byte[] truths, Random random) {
    for (int at = 0; at < truths.length; ) {
      int n = Math.min(1 + random.nextInt(150), truths.length - at);
      byte[] part = Arrays.copyOfRange(truths, at, at + n);
      selection.select(at, part, n);
      at += n;
    }
  }
}
