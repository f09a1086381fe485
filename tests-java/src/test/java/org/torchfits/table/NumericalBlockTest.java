package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;

class NumericalBlockTest {
  private static final int MOST_COLLECTED = 1 << 16;
  private static final int FLOAT_LOWEST = FloatKeys.LOWEST;
  private static final int FLOAT_HIGHEST = FloatKeys.HIGHEST;

  private static DlpackTensor column(ElementType type, double... values) {
    DlpackTensor column = DlpackTensor.allocate(Abi.UNVERSIONED, type, values.length);
    MemorySegment elements = column.elements();
    for (int i = 0; i < values.length; i++) {
      switch (type) {
        case FLOAT32 -> elements.setAtIndex(JAVA_FLOAT, i, (float) values[i]);
        case FLOAT64 -> elements.setAtIndex(JAVA_DOUBLE, i, values[i]);
        case INT64 -> elements.setAtIndex(JAVA_LONG, i, (long) values[i]);
        case INT32, UINT32 -> elements.setAtIndex(JAVA_INT, i, (int) (long) values[i]);
        case INT16, UINT16 -> elements.setAtIndex(JAVA_SHORT, i, (short) values[i]);
        default -> elements.set(JAVA_BYTE, i, (byte) values[i]);
      }
    }
    return column;
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  /** Of the numbers, with a sample of every so many ones. */
  private static double[] statistics(float[] values, int step, int most) {
    ColumnStatistics statistics = new ColumnStatistics(most);
    float[] sample = new float[Math.ceilDiv(values.length, step)];
    for (int i = 0; i < sample.length; i++) {
      sample[i] = values[i * step];
    }
    double share = values.length == 0 ? 1 : (double) sample.length / values.length;
    statistics.begin(sample, share);
    pass(values, statistics, ColumnStatistics::accept);
    statistics.endPass();
    while (!statistics.isComplete()) {
      pass(values, statistics, ColumnStatistics::acceptAgain);
      statistics.endPass();
    }
    double[] found = new double[ColumnStatistics.LENGTH];
    statistics.write(found);
    return found;
  }

  private interface Look {
    void accept(ColumnStatistics statistics, int count, ColumnStatistics.Lanes lanes);
  }

  /** Pieces of three lanes, every other one first. */
  private static void pass(float[] values, ColumnStatistics statistics, Look look) {
    ColumnStatistics.Lanes lanes = new ColumnStatistics.Lanes();
    int pieceRows = 3 * FloatLoader.LANE;
    int pieces = Math.ceilDiv(values.length, pieceRows);
    for (int i = 0; i < 2 * pieces; i++) {
      int piece = i % pieces;
      if (piece % 2 != i / pieces) {
        int first = piece * pieceRows;
        int end = Math.min(first + pieceRows, values.length);
        for (int row = first; row < end; row += FloatLoader.LANE) {
          int n = Math.min(FloatLoader.LANE, end - row);
          System.arraycopy(values, row, lanes.numbers, 0, n);
          look.accept(statistics, n, lanes);
        }
        statistics.add(first, end, lanes);
      }
    }
  }

  /** By sorting doubles. */
  private static double[] expected(double[] values) {
    double[] sorted =
        Arrays.stream(values)
            .filter(value -> Math.abs(value) <= Float.MAX_VALUE)
            .sorted()
            .toArray();
    double[] expected = new double[ColumnStatistics.LENGTH];
    int n = sorted.length;
    double mean = Arrays.stream(sorted).sum() / n;
    expected[0] = n;
    expected[1] = mean;
    expected[2] =
        Math.sqrt(Arrays.stream(sorted).map(value -> (value - mean) * (value - mean)).sum() / n);
    for (int i = 0; i < 5; i++) {
      double place = (n - 1) * 0.25 * i;
      double below = sorted[(int) Math.floor(place)];
      double above = sorted[(int) Math.ceil(place)];
      expected[3 + i] = below + (above - below) * (place - Math.floor(place));
    }
    return expected;
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32", "INT64", "FLOAT32", "FLOAT64"
      })
  void load_everyType_isItsFloats(ElementType type) {
    double[] values =
        switch (type) {
          case INT8 -> new double[] {-128, 127, 0, 5};
          case UINT8 -> new double[] {255, 127, 0, 5};
          case INT16 -> new double[] {-32768, 32767, 0, 5};
          case UINT16 -> new double[] {65535, 32767, 0, 5};
          case UINT32 -> new double[] {4294967295.0, 1, 0, 5};
          default -> new double[] {-2147483648.0, 16777217, 0, 5};
        };
    try (DlpackTensor column = column(type, values)) {
      float[] loaded = new float[values.length];
      MemorySegment elements = column.elements();
      new FloatLoader(type, null).load(elements, 0, 4, new FloatLoader.Lanes(), loaded);
      for (int i = 0; i < 4; i++) {
        assertEquals((float) values[i], loaded[i]);
      }
    }
  }

  @Test
  void load_nullValue_isNan() {
    try (DlpackTensor column = column(ElementType.INT32, 7, -99, 8)) {
      float[] loaded = new float[3];
      FloatLoader loader = new FloatLoader(ElementType.INT32, -99L);
      loader.load(column.elements(), 0, 3, new FloatLoader.Lanes(), loaded);
      assertArrayEquals(new float[] {7, Float.NaN, 8}, loaded);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 1023, 1025, 65_536, 65_537, 200_003})
  void statistics_anyNumberOfRows_areThoseOfTheSortedNumbers(int rows) {
    Random random = new Random(rows);
    double[] values = new double[rows];
    for (int i = 0; i < rows; i++) {
      // Many alike, signs, zeros of both signs, huge and tiny ones, and some that are not finite.
      values[i] =
          switch (random.nextInt(8)) {
            case 0 -> random.nextInt(5);
            case 1 -> -0.0;
            case 2 -> (float) (random.nextGaussian() * 1e30);
            case 3 -> (float) (random.nextGaussian() * 1e-38);
            case 4 -> i == 0 ? 1 : random.nextBoolean() ? Double.NaN : Double.POSITIVE_INFINITY;
            default -> (float) random.nextGaussian();
          };
    }
    double[] expected = expected(values);
    for (int step : new int[] {1, 16}) {
      double[] found = statistics(floats(values), step, MOST_COLLECTED);
      assertEquals(expected[0], found[0]);
      for (int i = 1; i < found.length; i++) {
        assertEquals(expected[i], found[i], Math.abs(expected[2]) * 1e-9, "statistic " + i);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 10, 70_000})
  void statistics_noFiniteNumber_areNone(int rows) {
    double[] values = new double[rows];
    Arrays.fill(values, Double.NaN);
    double[] found = statistics(floats(values), 16, MOST_COLLECTED);
    assertEquals(0, found[0]);
    for (int i = 1; i < found.length; i++) {
      assertEquals(Double.NaN, found[i]);
    }
  }

  @Test
  void statistics_oneNumberManyTimes_areThatNumber() {
    double[] values = new double[5_000_000];
    Arrays.fill(values, -2.5);
    assertArrayEquals(
        new double[] {5e6, -2.5, 0, -2.5, -2.5, -2.5, -2.5, -2.5},
        statistics(floats(values), 100, MOST_COLLECTED));
  }

  @Test
  void statistics_rowsThatTheSampleMisses_areFoundAllTheSame() {
    // The sample holds 0 alone; the others need as many passes as there can be.
    double[] values = new double[40_960];
    Random random = new Random(5);
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 20 == 0 ? 0 : 1e8 + random.nextInt(1_000_000) * 8.0;
    }
    assertStatistics(values, 20, MOST_COLLECTED);
  }

  private static double[] numbers(String kind, int rows) {
    Random random = new Random(rows);
    int lane = FloatLoader.LANE;
    double[] values = new double[rows];
    for (int i = 0; i < rows; i++) {
      values[i] =
          switch (kind) {
            case "ascending" -> i;
            case "descending" -> -i;
            case "periodic" -> Math.floorMod(i, lane);
            case "few values" -> random.nextInt(5);
            case "half zeros" -> random.nextBoolean() ? 0 : (float) random.nextGaussian();
            case "two far ones" -> i % 4 == 0 ? -Float.MAX_VALUE : Float.MAX_VALUE;
            case "rare" -> i % 1000 == 0 ? (float) random.nextGaussian() : Double.NaN;
            default -> (float) random.nextGaussian();
          };
    }
    return values;
  }

  private static void assertStatistics(double[] values, int step, int most) {
    double[] expected = expected(values);
    double[] found = statistics(floats(values), step, most);
    assertEquals(expected[0], found[0]);
    assertEquals(expected[1], found[1], Math.abs(expected[2]) * 1e-9);
    assertEquals(expected[2], found[2], Math.abs(expected[2]) * 1e-9);
    for (int i = 3; i < found.length; i++) {
      assertEquals(expected[i], found[i], "statistic " + i);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "ascending, 600007",
    "descending, 600007",
    "periodic, 600007",
    "few values, 600007",
    "half zeros, 600007",
    "two far ones, 600007",
    "rare, 600007",
    "normal, 600007",
    "normal, 2048",
    "normal, 2049",
    "normal, 131072",
    "ascending, 262144",
    "normal, 1500000",
  })
  void statistics_manyKindsOfNumbers_areThoseOfTheSortedNumbers(String kind, int rows) {
    double[] values = numbers(kind, rows);
    assertStatistics(values, 16, MOST_COLLECTED);
    assertStatistics(values, 16, 100); // counted, since brackets hold too many
    assertStatistics(values, 1001, MOST_COLLECTED);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.3, -0.3})
  void statistics_quartilesOutsideOfTheBracketsOfTheSample_areFoundAllTheSame(double shift) {
    double[] values = numbers("normal", 600_007);
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 16 == 0 ? values[i] : (float) (values[i] + shift);
    }
    assertStatistics(values, 16, MOST_COLLECTED);
  }

  @Test
  void statistics_manyMoreInBracketsThanTheSampleTold_areFoundAllTheSame() {
    double[] values = numbers("normal", 600_007);
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 16 == 0 ? values[i] : (float) (values[i] * 1e-4);
    }
    assertStatistics(values, 16, MOST_COLLECTED);
  }

  @Test
  void statistics_columnThatChangesBetweenPasses_isAnError() {
    float[] values = floats(numbers("half zeros", 100_000));
    ColumnStatistics statistics = new ColumnStatistics(10);
    statistics.begin(new float[] {0, 0, 1, 2}, 1e-4);
    pass(values, statistics, ColumnStatistics::accept);
    statistics.endPass();
    Arrays.fill(values, 0, 50_000, Float.NaN);
    pass(values, statistics, ColumnStatistics::acceptAgain);
    assertThrows(IllegalStateException.class, statistics::endPass);
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 0, 1, 1 << 22, Integer.MAX_VALUE})
  void window_anyKeys_growsWithTheKey(int seed) {
    Random random = new Random(seed);
    for (int repeat = 0; repeat < 1000; repeat++) {
      int[] keys = random.ints(4, FLOAT_LOWEST, FLOAT_HIGHEST + 1).sorted().toArray();
      KeyWindow window = KeyWindow.around(keys[1], keys[2]);
      assertEquals(0, window.bucket(keys[1] - (1 << window.shift())));
      assertTrue(window.bucket(keys[0]) <= window.bucket(keys[1]));
      assertTrue(1 <= window.bucket(keys[1]) && window.bucket(keys[1]) <= window.bucket(keys[2]));
      assertTrue(window.bucket(keys[2]) < window.buckets() - 1 && window.buckets() <= 515);
      assertTrue(window.bucket(keys[2]) <= window.bucket(keys[3]));
    }
    KeyWindow all = KeyWindow.around(FLOAT_LOWEST, FLOAT_HIGHEST);
    assertEquals(1, all.bucket(FLOAT_LOWEST));
    assertTrue(all.bucket(FLOAT_HIGHEST) < all.buckets());
  }

  @Test
  void loader_typeThatIsNoNumber_isRefused() {
    assertThrows(IllegalArgumentException.class, () -> new FloatLoader(ElementType.BOOL, null));
    assertThrows(IllegalArgumentException.class, () -> new FloatLoader(ElementType.UINT64, null));
  }

  /** Columns of numbers, put there in groups of neighbours and in pieces, from the last one on. */
  @ParameterizedTest
  @CsvSource({
    "1, 5, false",
    "2, 3000, false",
    "3, 1025, true",
    "4, 1024, false",
    "5, 2048, true",
    "7, 1, false",
    "7, 70000, true",
    "8, 40000, false",
    "9, 33000, true",
  })
  void put_anyColumns_standSideBySide(int columns, int rows, boolean inTwoParts) {
    int pieceRows = 1500;
    try (NumericalBlock block = new NumericalBlock(rows, columns, Abi.UNVERSIONED, "")) {
      NumericalBlock.Lanes lanes = NumericalBlock.Lanes.borrow();
      int split = inTwoParts ? columns / 2 : 0;
      for (int piece = (rows - 1) / pieceRows; piece >= 0; piece--) {
        int first = piece * pieceRows;
        int count = Math.min(pieceRows, rows - first);
        NumericalBlock.Source source =
            (column, row, n, _, into) -> {
              for (int i = 0; i < n; i++) {
                into[i] = (first + row + i) * 10 + column;
              }
            };
        if (split > 0) {
          block.put(0, split, first, count, source, lanes);
        }
        block.put(split, columns, first, count, source, lanes);
      }
      MemorySegment numbers = block.blocks().getFirst().elements();
      for (long at = 0; at < (long) rows * columns; at++) {
        assertEquals(
            (float) ((at / columns) * 10 + at % columns), numbers.getAtIndex(JAVA_FLOAT, at));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {40_000, 100_003, 2_000_000})
  void runs_anyRows_areInsideAndDoNotOverlap(int rows) {
    try (NumericalBlock block = new NumericalBlock(rows, 3, Abi.UNVERSIONED, "")) {
      assertTrue(block.isWorthSample());
      long end = 0;
      for (int run = 0; run < block.runs(); run++) {
        assertTrue(block.runRow(run) >= end);
        end = block.runRow(run) + NumericalBlock.RUN;
      }
      assertTrue(end <= rows);
    }
  }
}
