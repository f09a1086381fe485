package org.torchfits.zone;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.torchfits.source.FileIdentity;

class ZoneFileTest {
  private static final ZoneMaps.Key KEY =
      new ZoneMaps.Key(new FileIdentity(1, 2, 3, 4, 5), 6, 5000, 1000);

  private static ZoneMap map() {
    ZoneMap map = new ZoneMap(5000, ZoneMap.zoneRows(5000, 1000));
    for (int zone : new int[] {0, 3, 4}) {
      ZoneFold fold = new ZoneRecorder(map).begin(zone);
      fold.next(map.rowsOf(zone));
      double[] reals = new double[map.rowsOf(zone)];
      Arrays.fill(reals, zone / 2.0);
      reals[7] = -zone;
      reals[8] = Double.NaN;
      fold.addReals(1, reals, reals.length);
      fold.addIntegers(2, new long[reals.length], new byte[reals.length], reals.length);
      map.note(fold);
    }
    return map;
  }

  private static void requireSame(ZoneMap map) {
    RealBounds reals = map.zones(0, map.zones()).reals(1);
    assertNotNull(reals);
    assertArrayEquals(new int[] {1, -1, -1, 1, 1}, reals.nulls());
    assertEquals(-3, reals.low()[3]);
    assertEquals(1.5, reals.high()[3]);
    IntegerBounds integers = map.zones(3, 5).integers(2);
    assertNotNull(integers);
    assertArrayEquals(new long[] {0, 0}, integers.low());
    assertArrayEquals(new int[] {0, 0}, integers.nulls());
    assertNull(map.zones(0, 1).reals(2));
    assertNull(map.zones(0, 1).integers(3));
  }

  @Test
  void decode_encoded_isTheMap() {
    requireSame(map());
    ZoneMap decoded = ZoneFile.decode(ZoneFile.encode(map(), KEY), KEY);
    assertNotNull(decoded);
    requireSame(decoded);
  }

  @Test
  void decode_anyByteChanged_isNoMap() {
    byte[] bytes = ZoneFile.encode(map(), KEY);
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] ^= 0x10;
      assertNull(ZoneFile.decode(bytes, KEY), "byte " + i);
      bytes[i] ^= 0x10;
    }
  }

  @Test
  void decode_anyLength_isNoMap() {
    byte[] bytes = ZoneFile.encode(map(), KEY);
    for (int length = 0; length < bytes.length; length++) {
      assertNull(ZoneFile.decode(Arrays.copyOf(bytes, length), KEY), "length " + length);
    }
    assertNull(ZoneFile.decode(Arrays.copyOf(bytes, bytes.length + 8), KEY));
  }

  @Test
  void decode_ofAnotherTable_isNoMap() {
    byte[] bytes = ZoneFile.encode(map(), KEY);
    assertNull(ZoneFile.decode(bytes, new ZoneMaps.Key(KEY.file(), 7, 5000, 1000)));
    assertNull(ZoneFile.decode(bytes, new ZoneMaps.Key(KEY.file(), 6, 5001, 1000)));
    FileIdentity other = new FileIdentity(1, 2, 3, 4, 6);
    assertNull(ZoneFile.decode(bytes, new ZoneMaps.Key(other, 6, 5000, 1000)));
  }

  /** Rows of a zone that come in pieces, and those of which a column was not seen. */
  @Test
  void add_piecesOfAZone_areKnownWhenAllAreThere() {
    ZoneMap map = new ZoneMap(2048, 1024);
    ZoneRecorder recorder = new ZoneRecorder(map);
    for (int piece = 0; piece < 4; piece++) {
      assertNull(map.zones(0, 1).integers(0));
      ZoneFold fold = recorder.begin(0);
      fold.next(256);
      fold.addIntegers(0, new long[] {piece}, new byte[1], 1);
      fold.addIntegers(0, new long[] {99}, new byte[1], 1);
      for (int i = 1; i < 256; i++) {
        fold.addIntegers(1, new long[] {piece}, new byte[1], 1);
      }
      recorder.add(fold);
    }
    assertNull(map.zones(0, 1).integers(0), "a column that was not seen in all rows");
    ZoneFold fold = recorder.begin(0);
    fold.next(1024);
    fold.addIntegers(0, new long[1024], new byte[1024], 1024);
    fold.addIntegers(0, new long[] {99}, new byte[1], 1);
    recorder.add(fold);
    IntegerBounds bounds = map.zones(0, 2).integers(0);
    assertNotNull(bounds);
    assertArrayEquals(new long[] {0, 0}, bounds.high());
    assertArrayEquals(new int[] {0, -1}, bounds.nulls());
  }

  @Test
  void extremes_anyNumbers_areThoseOfMath() {
    double[] values = {3, -0.0, 0.0, Double.POSITIVE_INFINITY, -1e-320, 7, Double.NaN, -5};
    long[] into = new long[2];
    FoldKernels.extremes(values, 6, into);
    assertEquals(-1e-320, FoldKernels.number(into[0]));
    assertEquals(Double.POSITIVE_INFINITY, FoldKernels.number(into[1]));
    assertEquals(1, FoldKernels.extremesOfNumbers(values, 8, into));
    assertEquals(-5, FoldKernels.number(into[0]));
  }
}
