package org.torchfits.source;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What every byte source does. */
abstract class ByteSourceContract {
  private static final int SIZE = 300_007;

  private final byte[] content = new byte[SIZE];

  ByteSourceContract() {
    new Random(1).nextBytes(content);
  }

  /** A new source of these bytes. */
  abstract ByteSource open(byte[] bytes) throws IOException;

  /** What a read of {@code wanted} bytes brings, without those that it left alone. */
  private static byte[] read(ByteSource source, long offset, long wanted) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment into = arena.allocate(wanted);
      long count = source.read(offset, into);
      return into.asSlice(0, count).toArray(JAVA_BYTE);
    }
  }

  @Test
  void read_atLeast_bringsThatFromTheContent() throws IOException {
    try (ByteSource source = open(content);
        Arena arena = Arena.ofConfined()) {
      MemorySegment into = arena.allocate(1000);
      for (long offset : new long[] {0, 5, SIZE - 1000, SIZE - 500, SIZE - 1, SIZE, SIZE + 5}) {
        long there = Math.clamp(SIZE - offset, 0, 1000);
        for (long least : new long[] {1, 500, 1000}) {
          long count = source.read(offset, into, least);
          assertTrue(count >= Math.min(least, there) && count <= there, offset + " " + count);
          assertArrayEquals(
              Arrays.copyOfRange(
                  content,
                  (int) Math.min(offset, SIZE),
                  (int) Math.min(offset, SIZE) + (int) count),
              into.asSlice(0, count).toArray(JAVA_BYTE));
        }
      }
    }
  }

  @Test
  void readRuns_anyDistance_bringsThemOneBehindTheOther() throws IOException {
    try (ByteSource source = open(content);
        Arena arena = Arena.ofConfined()) {
      for (long distance : new long[] {10, 37, 4001, -4001, 0}) {
        MemorySegment into = arena.allocate(64 * 10);
        long offset = distance < 0 ? SIZE - 10 : 5;
        assertEquals(640, source.readRuns(offset, distance, 10, into));
        byte[] got = into.toArray(JAVA_BYTE);
        for (int run = 0; run < 64; run++) {
          int from = (int) (offset + run * distance);
          assertArrayEquals(
              Arrays.copyOfRange(content, from, from + 10),
              Arrays.copyOfRange(got, 10 * run, 10 * run + 10));
        }
      }
    }
  }

  @Test
  void readRuns_beyondTheEnd_bringsWhatThereIs() throws IOException {
    try (ByteSource source = open(content);
        Arena arena = Arena.ofConfined()) {
      MemorySegment into = arena.allocate(30);
      assertEquals(17, source.readRuns(SIZE - 1007, 1000, 10, into));
      assertArrayEquals(
          Arrays.copyOfRange(content, SIZE - 7, SIZE), into.asSlice(10, 7).toArray(JAVA_BYTE));
      assertEquals(0, source.readRuns(SIZE, 1000, 10, into));
    }
  }

  @Test
  void reaches_beforeAndAfterReads_isSoUpToTheEnd() throws IOException {
    try (ByteSource source = open(content)) {
      for (int round = 0; round < 2; round++) {
        assertTrue(source.reaches(0));
        assertTrue(source.reaches(SIZE));
        assertFalse(source.reaches(SIZE + 1));
        read(source, SIZE - 10, 20);
      }
    }
  }

  @Test
  void size_anyContent_isNumberOfBytes() throws IOException {
    try (ByteSource source = open(content)) {
      assertEquals(SIZE, source.size());
    }
  }

  @Test
  void size_noContent_isZero() throws IOException {
    try (ByteSource source = open(new byte[0])) {
      assertEquals(0, source.size());
      assertEquals(0, read(source, 0, 10).length);
      assertEquals(0, source.size());
    }
  }

  @Test
  void size_afterReadOfAll_isTheSame() throws IOException {
    try (ByteSource source = open(content)) {
      assertEquals(SIZE, read(source, 0, SIZE + 1L).length);
      assertEquals(SIZE, source.size());
    }
  }

  @Test
  void size_afterReadBeyondEnd_isTheSame() throws IOException {
    try (ByteSource source = open(content)) {
      assertEquals(0, read(source, SIZE + 5L, 10).length);
      assertEquals(SIZE, source.size());
    }
  }

  @Test
  void name_anyContent_isGiven() throws IOException {
    try (ByteSource source = open(content)) {
      assertFalse(source.name().isEmpty());
    }
  }

  @Test
  void read_all_bringsAll() throws IOException {
    try (ByteSource source = open(content)) {
      assertArrayEquals(content, read(source, 0, SIZE));
    }
  }

  @Test
  void read_part_bringsPart() throws IOException {
    try (ByteSource source = open(content)) {
      assertArrayEquals(Arrays.copyOfRange(content, 4097, 5000), read(source, 4097, 903));
    }
  }

  @Test
  void read_acrossEnd_bringsWhatThereIs() throws IOException {
    try (ByteSource source = open(content)) {
      assertArrayEquals(Arrays.copyOfRange(content, SIZE - 7, SIZE), read(source, SIZE - 7, 100));
    }
  }

  @Test
  void read_acrossEnd_leavesRestAlone() throws IOException {
    try (ByteSource source = open(content);
        Arena arena = Arena.ofConfined()) {
      MemorySegment into = arena.allocate(20).fill((byte) 77);
      assertEquals(8, source.read(SIZE - 8, into));
      byte[] rest = new byte[12];
      Arrays.fill(rest, (byte) 77);
      assertArrayEquals(rest, into.asSlice(8).toArray(JAVA_BYTE));
    }
  }

  @Test
  void read_atEnd_bringsNothing() throws IOException {
    try (ByteSource source = open(content)) {
      assertEquals(0, read(source, SIZE, 10).length);
    }
  }

  @Test
  void read_beyondEnd_bringsNothing() throws IOException {
    try (ByteSource source = open(content)) {
      assertEquals(0, read(source, SIZE + 1L, 10).length);
      assertEquals(0, read(source, 1L << 40, 10).length);
    }
  }

  @Test
  void read_noBytes_bringsNothing() throws IOException {
    try (ByteSource source = open(content)) {
      assertEquals(0, read(source, 0, 0).length);
      assertEquals(0, read(source, 17, 0).length);
      assertEquals(0, read(source, SIZE, 0).length);
      assertEquals(0, read(source, SIZE + 1L, 0).length);
    }
  }

  @Test
  void read_manyThreads_eachGetsItsOwn() throws IOException {
    try (ByteSource source = open(content)) {
      long right = IntStream.range(0, 2000).parallel().filter(i -> readsRight(source, i)).count();
      assertEquals(2000, right);
    }
  }

  private boolean readsRight(ByteSource source, int seed) {
    Random random = new Random(seed);
    int offset = random.nextInt(SIZE);
    int count = random.nextInt(20_000);
    byte[] expected = Arrays.copyOfRange(content, offset, Math.min(offset + count, SIZE));
    return Arrays.equals(expected, read(source, offset, count));
  }
}
