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
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.TensorView;

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

  private static FloatLoader loader(DlpackTensor column, @Nullable Long nullValue) {
    return new FloatLoader(TensorView.at(column.address(), Abi.UNVERSIONED), nullValue);
  }

  private static double[] statistics(FloatLoader column) {
    return statistics(column, MOST_COLLECTED);
  }

  private static double[] statistics(FloatLoader column, int most) {
    ColumnStatistics statistics = new ColumnStatistics(column, 1, most);
    ColumnStatistics.Lanes lanes = new ColumnStatistics.Lanes();
    statistics.sample();
    int surveyed = ColumnStatistics.surveyed(column.rows());
    forEachLane(column, surveyed, lanes, n -> statistics.accept(n, lanes));
    statistics.add(lanes);
    statistics.endSurvey((double) surveyed / FloatLoader.LANE);
    Moments moments = statistics.newMoments();
    forEachLane(column, FloatLoader.LANE, lanes, n -> statistics.acceptFirst(n, lanes, moments));
    statistics.add(lanes);
    statistics.add(0, moments);
    statistics.endPass();
    while (!statistics.isComplete()) {
      forEachLane(column, FloatLoader.LANE, lanes, n -> statistics.accept(n, lanes));
      statistics.add(lanes);
      statistics.endPass();
    }
    double[] found = new double[ColumnStatistics.LENGTH];
    statistics.write(found);
    return found;
  }

  private static void forEachLane(
      FloatLoader column, int ofLane, ColumnStatistics.Lanes lanes, IntConsumer accept) {
    FloatLoader.Lanes loader = new FloatLoader.Lanes();
    for (int lane = 0; lane < Math.ceilDiv(column.rows(), FloatLoader.LANE); lane++) {
      long row = ColumnStatistics.surveyedRow(lane, ofLane);
      int n = (int) Math.min(ofLane, column.rows() - row);
      if (n > 0) {
        column.load(row, n, loader, lanes.numbers);
        accept.accept(n);
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
      loader(column, null).load(0, values.length, new FloatLoader.Lanes(), loaded);
      for (int i = 0; i < 4; i++) {
        assertEquals((float) values[i], loaded[i]);
      }
    }
  }

  @Test
  void load_nullValue_isNan() {
    try (DlpackTensor column = column(ElementType.INT32, 7, -99, 8)) {
      float[] loaded = new float[3];
      loader(column, -99L).load(0, 3, new FloatLoader.Lanes(), loaded);
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
    try (DlpackTensor column = column(ElementType.FLOAT32, values)) {
      double[] expected = expected(values);
      double[] found = statistics(loader(column, null));
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
    try (DlpackTensor column = column(ElementType.FLOAT32, values)) {
      double[] found = statistics(loader(column, null));
      assertEquals(0, found[0]);
      for (int i = 1; i < found.length; i++) {
        assertEquals(Double.NaN, found[i]);
      }
    }
  }

  @Test
  void statistics_oneNumberManyTimes_areThatNumber() {
    double[] values = new double[5_000_000];
    Arrays.fill(values, -2.5);
    try (DlpackTensor column = column(ElementType.FLOAT32, values)) {
      assertArrayEquals(
          new double[] {5e6, -2.5, 0, -2.5, -2.5, -2.5, -2.5, -2.5},
          statistics(loader(column, null)));
    }
  }

  @Test
  void statistics_rowsThatTheSampleMisses_areFoundAllTheSame() {
    // The sample holds 0 alone; the others need as many passes as there can be.
    double[] values = new double[40_960];
    Random random = new Random(5);
    for (int i = 0; i < values.length; i++) {
      values[i] = 1e8 + random.nextInt(1_000_000) * 8.0;
    }
    try (DlpackTensor column = column(ElementType.FLOAT32, values)) {
      ColumnStatistics statistics = new ColumnStatistics(loader(column, null), 1, MOST_COLLECTED);
      for (int i = 0; i < 2048; i++) {
        values[(int) statistics.sampledRow(i, 2048)] = 0;
      }
    }
    try (DlpackTensor column = column(ElementType.FLOAT32, values)) {
      double[] expected = expected(values);
      double[] found = statistics(loader(column, null));
      for (int i = 0; i < found.length; i++) {
        assertEquals(expected[i], found[i], Math.abs(expected[i]) * 1e-12, "statistic " + i);
      }
    }
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

  private static void assertStatistics(double[] values, int most) {
    try (DlpackTensor column = column(ElementType.FLOAT32, values)) {
      double[] expected = expected(values);
      double[] found = statistics(loader(column, null), most);
      assertEquals(expected[0], found[0]);
      assertEquals(expected[1], found[1], Math.abs(expected[2]) * 1e-9);
      assertEquals(expected[2], found[2], Math.abs(expected[2]) * 1e-9);
      for (int i = 3; i < found.length; i++) {
        assertEquals(expected[i], found[i], "statistic " + i);
      }
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
    assertStatistics(values, MOST_COLLECTED);
    assertStatistics(values, 100); // counted, since brackets hold too many
  }

  @ParameterizedTest
  @ValueSource(ints = {1, -1})
  void statistics_rowsThatTheSurveyMisses_areFoundAllTheSame(int sign) {
    double[] values = numbers("normal", 600_007);
    int surveyed = ColumnStatistics.surveyed(values.length);
    boolean[] isSurveyed = new boolean[values.length];
    for (int lane = 0; lane < values.length / FloatLoader.LANE; lane++) {
      int row = (int) ColumnStatistics.surveyedRow(lane, surveyed);
      Arrays.fill(isSurveyed, row, row + surveyed, true);
    }
    for (int i = 0; i < values.length; i++) {
      values[i] = isSurveyed[i] ? values[i] : (float) (values[i] + 0.3 * sign);
    }
    assertStatistics(values, MOST_COLLECTED);
  }

  @Test
  void statistics_manyMoreInBracketsThanTheSurveyTold_areFoundAllTheSame() {
    double[] values = numbers("normal", 600_007);
    int surveyed = ColumnStatistics.surveyed(values.length);
    for (int lane = 0; lane < values.length / FloatLoader.LANE; lane++) {
      int row = (int) ColumnStatistics.surveyedRow(lane, surveyed);
      for (int i = 0; i < FloatLoader.LANE; i++) {
        int at = lane * FloatLoader.LANE + i;
        boolean isSurveyed = at >= row && at < row + surveyed;
        values[at] = isSurveyed ? values[at] : (float) (values[at] * 1e-4);
      }
    }
    assertStatistics(values, MOST_COLLECTED);
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
  void loader_columnThatIsNoNumbers_isRefused() {
    try (DlpackTensor flags = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.BOOL, 3);
        DlpackTensor square = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.FLOAT32, 3, 3)) {
      assertThrows(IllegalArgumentException.class, () -> loader(flags, null));
      assertThrows(IllegalArgumentException.class, () -> loader(square, null));
    }
  }
}
