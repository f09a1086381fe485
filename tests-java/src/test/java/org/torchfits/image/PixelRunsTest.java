package org.torchfits.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.header.Hdu;

class PixelRunsTest {
  private static final long DATA = 5760;

  private static PixelRuns runs(int bitpix, long[] shape, String section) {
    return runs(Hdus.image(bitpix, DATA, shape), Section.parse(section, shape, "file[0]"));
  }

  private static PixelRuns runs(Hdu hdu, Section section) {
    return new PixelRuns(PixelLayout.of(hdu), section);
  }

  /** Where each pixel of the section stands, by counting through its positions. */
  private static long[] bruteForce(int bitpix, long[] shape, Section section) {
    long[] offsets = new long[(int) section.pixels()];
    long[] position = new long[shape.length];
    for (int i = 0; i < offsets.length; i++) {
      long pixel = 0;
      for (int axis = 0; axis < shape.length; axis++) {
        long at = section.start()[axis] + position[axis] * section.step()[axis];
        assertTrue(at >= 0 && at < shape[axis]);
        pixel = pixel * shape[axis] + at;
      }
      offsets[i] = DATA + pixel * (Math.abs(bitpix) / 8);
      advance(position, section.count());
    }
    return offsets;
  }

  private static void advance(long[] position, long[] count) {
    for (int axis = count.length - 1; axis >= 0; axis--) {
      position[axis]++;
      if (position[axis] < count[axis]) {
        return;
      }
      position[axis] = 0;
    }
  }

  /** Where each element stands, run after run and block after block as a reader goes. */
  private static long[] byRuns(PixelRuns runs, long elements) {
    long[] offsets = new long[(int) elements];
    long blockLength = runs.runLength() * runs.blockRuns();
    for (long element = 0; element < elements; element++) {
      long inBlock = element % blockLength;
      offsets[(int) element] =
          runs.fileOffset(element - inBlock)
              + inBlock / runs.runLength() * runs.blockDistance()
              + inBlock % runs.runLength() * runs.runDistance();
    }
    return offsets;
  }

  private static Section randomSection(Random random, long[] shape) {
    List<String> items = new ArrayList<>();
    for (long length : shape) {
      long from = 1L + random.nextInt((int) length);
      long to = 1L + random.nextInt((int) length);
      int step = 1 + random.nextInt(3);
      items.add(
          switch (random.nextInt(4)) {
            case 0 -> ":";
            case 1 -> "::-" + step;
            case 2 -> Integer.toString((int) from - 1);
            default -> from + ".." + to + ":" + step;
          });
    }
    return Section.parse(String.join(",", items), shape, "file[0]");
  }

  private static List<Integer> seeds() {
    return IntStream.range(0, 500).boxed().toList();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void fileOffset_anySection_isThatOfBruteForce(int seed) {
    Random random = new Random(seed);
    long[] shape = random.longs(1 + random.nextInt(4), 1, 7).toArray();
    int bitpix = new int[] {8, 16, -32, -64}[random.nextInt(4)];
    Section section = randomSection(random, shape);
    PixelRuns runs = runs(Hdus.image(bitpix, DATA, shape), section);
    long[] expected = bruteForce(bitpix, shape, section);
    assertArrayEquals(expected, byRuns(runs, section.pixels()));
    for (int element = 0; element < expected.length; element++) {
      assertEquals(expected[element], runs.fileOffset(element));
    }
    assertEquals(
        Arrays.stream(expected).max().getAsLong() + Math.abs(bitpix) / 8, runs.endOffset());
    assertEquals(isOneRun(expected, bitpix), runs.isOneRun());
    assertTrue(runs.pieceElements() >= 1);
  }

  private static boolean isOneRun(long[] offsets, int bitpix) {
    for (int i = 1; i < offsets.length; i++) {
      if (offsets[i] != offsets[i - 1] + Math.abs(bitpix) / 8) {
        return false;
      }
    }
    return true;
  }

  @Test
  void isOneRun_wholeImage_isTrue() {
    PixelRuns runs = runs(16, new long[] {3, 4, 5}, "...");
    assertTrue(runs.isOneRun());
    assertEquals(60, runs.runLength());
    assertEquals(1, runs.blockRuns());
    assertEquals(DATA + 120, runs.endOffset());
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "1:3", "2,1:3", "1,2,3:5", "1,2", "0:1,0:2"})
  void isOneRun_pixelsLieTogether_isTrue(String section) {
    assertTrue(runs(16, new long[] {3, 4, 5}, section).isOneRun());
  }

  @ParameterizedTest
  @ValueSource(strings = {":,1:3", "...,2:4", "0:2,0:3", ":,:,0", "1,:,0:4"})
  void isOneRun_pixelsLieApart_isFalse(String section) {
    assertFalse(runs(16, new long[] {3, 4, 5}, section).isOneRun());
  }

  @Test
  void blockRuns_rowsOfABox_areItsRows() {
    PixelRuns runs = runs(8, new long[] {10, 10}, "2:5,3:7");
    assertEquals(4, runs.runLength());
    assertEquals(1, runs.runDistance());
    assertEquals(3, runs.blockRuns());
    assertEquals(10, runs.blockDistance());
    assertEquals(DATA + 23, runs.fileOffset(0));
    assertEquals(DATA + 33, runs.fileOffset(4));
    assertEquals(DATA + 47, runs.endOffset());
  }

  /** Axes that can be walked along as one are one: here a single run of pixels 10 bytes apart. */
  @Test
  void runLength_lastPixelOfEachRow_isAllOfThem() {
    PixelRuns runs = runs(8, new long[] {20, 30, 10}, "...,9");
    assertEquals(600, runs.runLength());
    assertEquals(10, runs.runDistance());
  }

  @Test
  void areRunsNear_gapOfEightKibibytes_isTheLast() {
    assertTrue(runs(8, new long[] {10, 8 * 1024 + 5}, ":,3:8").areRunsNear());
    assertFalse(runs(8, new long[] {10, 8 * 1024 + 6}, ":,3:8").areRunsNear());
    assertFalse(runs(8, new long[] {10, 10}, "3,3:8").areRunsNear());
  }

  @Test
  void runLength_pixelsFarApart_isOne() {
    PixelRuns runs = runs(16, new long[] {3, 50_000}, "1,::5000");
    assertEquals(1, runs.runLength());
    assertEquals(10, runs.blockRuns());
    assertEquals(10_000, runs.blockDistance());
  }

  /** No piece needs more than a few milliseconds, however little of it is wanted. */
  @Test
  void pieceElements_ofFileBytes_areFew() {
    assertEquals(4L << 20, runs(-32, new long[] {20_000, 20_000}, "...").pieceElements());
    assertEquals((16L << 20) / 400, runs(-32, new long[] {1 << 30}, "::100").pieceElements());
    assertTrue(runs(8, new long[] {1_000_000, 100_000}, ":,5").pieceElements() <= 2048);
    assertTrue(runs(8, new long[] {1_000_000, 4_000}, ":,5:7").pieceElements() <= 9000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"3:3", "9:2", "3:3,:", ":,4:4", "5:5,6:6"})
  void endOffset_noPixels_isZero(String section) {
    assertEquals(0, runs(-64, new long[] {10, 10}, section).endOffset());
  }

  @Test
  void fileOffset_farBehind_isNotCutToInt() {
    PixelRuns runs = runs(-32, new long[] {100_000, 100_000}, "99999,99990:");
    assertEquals(DATA + 4 * (99_999L * 100_000 + 99_990), runs.fileOffset(0));
  }
}
