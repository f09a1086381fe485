package org.torchfits.table;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.torchfits.header.FitsBytes.card;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.error.FitsException;
import org.torchfits.header.FitsBytes;
import org.torchfits.source.CacheFolder;
import org.torchfits.source.FileIdentity;
import org.torchfits.zone.ZoneMaps;

/** What a scan with a zone map finds and reads, against one without. */
class ScannedRowsTest {
  private static final int ROW_BYTES = 39;
  private static final int ROWS = 240_000;
  private static final FileIdentity IDENTITY = new FileIdentity(1, 2, 3, 4, 5);
  private static final String[] NAMES = {"N", "K", "U", "J", "E", "D", "S", "L"};
  private static final String[] FORMS = {"J", "K", "K", "J", "E", "D", "I", "L"};
  private static final long[] LONGS = {
    Long.MIN_VALUE, Long.MIN_VALUE + 1, -1, 0, 1, 5, 1L << 53, (1L << 53) + 1, Long.MAX_VALUE
  };
  private static final double[] REALS = {
    Double.NEGATIVE_INFINITY,
    -1e300,
    -1,
    -0.0,
    0.0,
    1,
    2.5,
    9007199254740994.0,
    1e300,
    Double.POSITIVE_INFINITY,
    Double.NaN
  };

  private static byte[] file = {};

  private final ZoneMaps maps = new ZoneMaps(1 << 20, new CacheFolder(null, 0));

  @BeforeAll
  static void makeFile() {
    FitsBytes bytes = new FitsBytes().header(FitsBytes.primary(8));
    String[] all = new String[8 + 2 * NAMES.length + 4];
    String[] first = {
      "XTENSION= 'BINTABLE'",
      card("BITPIX", 8),
      card("NAXIS", 2),
      card("NAXIS1", ROW_BYTES),
      card("NAXIS2", ROWS),
      card("PCOUNT", 0),
      card("GCOUNT", 1),
      card("TFIELDS", NAMES.length)
    };
    System.arraycopy(first, 0, all, 0, 8);
    for (int i = 0; i < NAMES.length; i++) {
      all[8 + 2 * i] = "TTYPE%-3d= '%-8s'".formatted(i + 1, NAMES[i]);
      all[9 + 2 * i] = "TFORM%-3d= '%-8s'".formatted(i + 1, FORMS[i]);
    }
    all[8 + 2 * NAMES.length] = "TZERO3  = 9223372036854775808";
    all[9 + 2 * NAMES.length] = "TNULL4  = 5";
    all[10 + 2 * NAMES.length] = "TSCAL7  = 0.5";
    all[11 + 2 * NAMES.length] = "TNULL7  = -3";
    file = bytes.header(all).data(rows()).toBytes();
  }

  /** Blocks of a few kinds, so that zones differ: sorted, constant, all without value, extremes. */
  private static byte[] rows() {
    Random random = new Random(7);
    ByteBuffer rows = ByteBuffer.allocate(ROWS * ROW_BYTES);
    int kind = 0;
    for (int row = 0; row < ROWS; row++) {
      if (row % 2048 == 0) {
        kind = random.nextInt(5);
      }
      int block = row / 2048;
      rows.putInt(row);
      rows.putLong(kind == 0 ? LONGS[random.nextInt(LONGS.length)] : block - 50);
      rows.putLong(kind == 1 ? random.nextLong() : Long.MIN_VALUE + block);
      rows.putInt(kind == 2 ? 5 : random.nextInt(3) + block % 7);
      rows.putFloat(kind == 3 ? Float.NaN : (float) random.nextGaussian() + block);
      rows.putDouble(kind == 0 ? REALS[random.nextInt(REALS.length)] : row * 0.25);
      rows.putShort((short) (kind == 2 ? -3 : random.nextInt(9) + block));
      rows.put((byte) (kind == 4 ? 0 : "TF".charAt(block % 2)));
      rows.position((row + 1) * ROW_BYTES);
    }
    return rows.array();
  }

  private long[] found(ZonedSource source, String condition, String slice) {
    return Scans.found(source, condition, slice, maps);
  }

  private static String condition(Random random, int depth) {
    int kind = random.nextInt(depth == 0 ? 5 : 9);
    String column = NAMES[random.nextInt(7)];
    return switch (kind) {
      case 0, 1 -> column + " " + relation(random) + " " + constant(random);
      case 2 -> column + " in (" + constant(random) + ", 7, " + constant(random) + ")";
      case 3 -> constant(random) + " <= " + column + " < " + constant(random);
      case 4 -> column + (random.nextBoolean() ? " is null" : " is not null");
      case 5 -> "not (" + condition(random, depth - 1) + ")";
      case 6 -> "(" + condition(random, depth - 1) + ") and (" + condition(random, depth - 1) + ")";
      case 7 -> "(" + condition(random, depth - 1) + ") or (" + condition(random, depth - 1) + ")";
      default ->
          switch (random.nextInt(4)) {
            case 0 -> "L";
            case 1 -> "(" + condition(random, depth - 1) + ") = L";
            case 2 -> "isfinite(" + column + ")";
            default -> "(" + condition(random, depth - 1) + ") is null";
          };
    };
  }

  private static String relation(Random random) {
    return List.of("<", "<=", "=", "!=", ">=", ">").get(random.nextInt(6));
  }

  private static String constant(Random random) {
    return switch (random.nextInt(5)) {
      case 0 -> String.valueOf(LONGS[random.nextInt(LONGS.length)]);
      case 1 -> String.valueOf(random.nextInt(130) - 10);
      case 2 -> String.valueOf(random.nextInt(ROWS) * 0.25);
      case 3 ->
          List.of("18446744073709551615", "9223372036854775808", "1e300", "-inf", "inf", "0.0")
              .get(random.nextInt(6));
      default -> String.valueOf(random.nextInt(ROWS));
    };
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void scan_anyCondition_findsWhatOneWithoutMapFinds(int seed) {
    Random random = new Random(seed);
    ZonedSource plain = new ZonedSource(file, null);
    ZonedSource zoned = new ZonedSource(file, IDENTITY);
    for (int i = 0; i < 60; i++) {
      String condition = condition(random, 3);
      String slice =
          random.nextInt(3) > 0 ? "::" : random.nextInt(ROWS) + ":" + random.nextInt(ROWS) + ":";
      long[] expected = found(plain, condition, slice);
      assertArrayEquals(expected, found(zoned, condition, slice), condition);
      assertArrayEquals(expected, found(zoned, condition, slice), "again: " + condition);
    }
    assertTrue(zoned.bytesRead() < plain.bytesRead() * 3 / 2, "zones are left out");
  }

  @Test
  void scan_again_readsTheZonesThatMayMatch() {
    ZonedSource source = new ZonedSource(file, IDENTITY);
    String condition = "N >= 100000 and N < 100010";
    long[] first = found(source, condition, "::");
    long whole = source.bytesRead();
    assertTrue(whole >= (long) ROWS * ROW_BYTES, "the first one reads all");
    assertArrayEquals(first, found(source, condition, "::"));
    long zone = 4096L * ROW_BYTES;
    assertTrue(source.bytesRead() - whole <= zone + (64 << 10), "the second one reads one zone");
    assertEquals(10, first.length);
  }

  @Test
  void scan_partsOfRows_learnsWholeZonesAlone() {
    ZonedSource source = new ZonedSource(file, IDENTITY);
    for (int i = 0; i < 3; i++) {
      assertEquals(100, found(source, "N >= 0", "100:200:").length);
    }
    assertEquals(1, found(source, "N = 4000", "::").length);
    long before = source.bytesRead();
    assertEquals(0, found(source, "N = -1", "4090:20000:").length);
    assertTrue(source.bytesRead() - before <= 64 << 10, "all zones are known");
  }

  @Test
  void scan_changedFile_isScannedAnew() {
    found(new ZonedSource(file, IDENTITY), "N >= 0", "::");
    ZonedSource other = new ZonedSource(file, new FileIdentity(1, 2, 3, 4, 6));
    found(other, "N < 0", "::");
    assertTrue(other.bytesRead() >= (long) ROWS * ROW_BYTES);
  }

  @Test
  void scan_overflowInSkippedZones_isAnErrorAsWithout() {
    ZonedSource source = new ZonedSource(file, IDENTITY);
    found(source, "N < 0", "::");
    assertThrows(FitsException.class, () -> found(source, "K * K > 3 and N < 0", "::"));
  }

  @Test
  void scan_keptMap_servesAnotherProcess(@TempDir Path folder) {
    for (int i = 0; i < 2; i++) {
      ZoneMaps own = new ZoneMaps(1 << 20, new CacheFolder(folder, 1 << 20));
      ZonedSource source = new ZonedSource(file, IDENTITY);
      try (TableFile table = Scans.open(source)) {
        Predicate predicate = Predicate.of("N = 7", table.layout());
        ScannedRows scanned = ScannedRows.of(table, Rows.all(ROWS), predicate, own);
        assertEquals(i == 0 ? ROWS : 4096, scanned.pieces(1 << 20).rows());
        try (RowSelection selection = new RowSelection(ROWS)) {
          Scans.run(new PredicateScan(table, scanned, selection).job());
          assertArrayEquals(new long[] {7}, Scans.numbers(selection, Rows.all(ROWS)));
        }
        scanned.keep();
      }
    }
  }
}
