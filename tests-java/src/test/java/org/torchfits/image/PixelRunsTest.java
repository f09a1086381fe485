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
    Hdu hdu = Hdus.image(bitpix, DATA, shape);
    return new PixelRuns(hdu, Section.parse(section, shape, "file[0]"));
  }

  /** Where each pixel of the section stands, by counting through all pixels of the image. */
  private static long[] bruteForce(int bitpix, long[] shape, Section section) {
    List<Long> offsets = new ArrayList<>();
    long[] position = new long[shape.length];
    long pixels = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    for (long pixel = 0; pixel < pixels; pixel++) {
      if (contains(section, position)) {
        offsets.add(DATA + pixel * Math.abs(bitpix) / 8);
      }
      step(position, shape);
    }
    return offsets.stream().mapToLong(Long::longValue).toArray();
  }

  private static boolean contains(Section section, long[] position) {
    for (int axis = 0; axis < position.length; axis++) {
      long within = position[axis] - section.start()[axis];
      if (within < 0 || within >= section.count()[axis]) {
        return false;
      }
    }
    return true;
  }

  private static void step(long[] position, long[] shape) {
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      position[axis]++;
      if (position[axis] < shape[axis]) {
        return;
      }
      position[axis] = 0;
    }
  }

  /** Where each element stands, run after run as a reader goes. */
  private static long[] byRuns(PixelRuns runs, int bitpix, long elements) {
    long[] offsets = new long[(int) elements];
    for (int done = 0; done < elements; ) {
      long offset = runs.fileOffset(done);
      long length = Math.min(runs.leftInRun(done), elements - done);
      for (int i = 0; i < length; i++) {
        offsets[done + i] = offset + i * (Math.abs(bitpix) / 8L);
      }
      done += (int) length;
    }
    return offsets;
  }

  private static Section randomSection(Random random, long[] shape) {
    long[] start = new long[shape.length];
    long[] count = new long[shape.length];
    for (int axis = 0; axis < shape.length; axis++) {
      boolean whole = random.nextInt(3) == 0;
      start[axis] = whole ? 0 : random.nextInt((int) shape[axis]);
      count[axis] = whole ? shape[axis] : 1 + random.nextInt((int) (shape[axis] - start[axis]));
    }
    return new Section(start, count, count);
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
    PixelRuns runs = new PixelRuns(Hdus.image(bitpix, DATA, shape), section);
    long[] expected = bruteForce(bitpix, shape, section);
    assertArrayEquals(expected, byRuns(runs, bitpix, section.pixels()));
    for (int element = 0; element < expected.length; element++) {
      assertEquals(expected[element], runs.fileOffset(element));
    }
    assertEquals(expected[expected.length - 1] + Math.abs(bitpix) / 8, runs.endOffset());
  }

  @Test
  void isOneRun_wholeImage_isTrue() {
    PixelRuns runs = runs(16, new long[] {3, 4, 5}, "...");
    assertTrue(runs.isOneRun());
    assertEquals(60, runs.leftInRun(0));
    assertEquals(1, runs.leftInRun(59));
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
  void leftInRun_rowsOfABox_endsWithRow() {
    PixelRuns runs = runs(8, new long[] {10, 10}, "2:5,3:7");
    assertEquals(4, runs.leftInRun(0));
    assertEquals(1, runs.leftInRun(3));
    assertEquals(4, runs.leftInRun(4));
    assertEquals(DATA + 23, runs.fileOffset(0));
    assertEquals(DATA + 33, runs.fileOffset(4));
    assertEquals(DATA + 47, runs.endOffset());
  }

  @ParameterizedTest
  @ValueSource(strings = {"3:3", "9:2", "3:3,:", ":,4:4", "5:5,6:6"})
  void endOffset_noPixels_isStartOfData(String section) {
    assertEquals(DATA, runs(-64, new long[] {10, 10}, section).endOffset());
  }

  @Test
  void fileOffset_farBehind_isNotCutToInt() {
    PixelRuns runs = runs(-32, new long[] {100_000, 100_000}, "99999,99990:");
    assertEquals(DATA + 4 * (99_999L * 100_000 + 99_990), runs.fileOffset(0));
  }
}
