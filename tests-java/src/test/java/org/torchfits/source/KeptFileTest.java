package org.torchfits.source;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file that is read often, and mapped for that. */
class KeptFileTest extends ByteSourceContract {
  private static final int SIZE = 4 << 20;

  @TempDir Path folder;
  private int files;

  @Override
  ByteSource open(byte[] bytes) throws IOException {
    Path path = Files.write(folder.resolve("kept" + files++), bytes);
    FileSource source = FileSource.open(path.toString());
    source.keep();
    return source;
  }

  private static byte[] content() {
    byte[] content = new byte[SIZE];
    new Random(1).nextBytes(content);
    return content;
  }

  /** Also when the optimising compiler has made one method of all this. */
  @Test
  void readRuns_fileBecameShorter_bringsWhatThereIs() throws IOException {
    byte[] content = content();
    try (ByteSource source = open(content);
        Arena arena = Arena.ofConfined()) {
      MemorySegment into = arena.allocate(64 * 100);
      for (int i = 0; i < 20_000; i++) {
        assertEquals(6400, source.readRuns(i, 60_000, 100, into));
      }
      try (RandomAccessFile file = new RandomAccessFile(folder.resolve("kept0").toFile(), "rw")) {
        file.setLength(18 * 60_000 + 50);
      }
      for (int i = 0; i < 20_000; i++) {
        assertEquals(1800 + Math.max(0, 50 - i), source.readRuns(i, 60_000, 100, into));
      }
      int from = 19_999 + 17 * 60_000;
      assertArrayEquals(
          Arrays.copyOfRange(content, from, from + 100),
          into.asSlice(1700, 100).toArray(JAVA_BYTE));
    }
  }

  @Test
  void readRuns_fileGrew_bringsTheNewBytes() throws IOException {
    byte[] content = content();
    try (ByteSource source = open(Arrays.copyOf(content, SIZE / 2));
        Arena arena = Arena.ofConfined()) {
      MemorySegment into = arena.allocate(20);
      assertEquals(20, source.readRuns(0, 1000, 10, into));
      Files.write(folder.resolve("kept0"), content);
      assertEquals(20, source.readRuns(SIZE - 1010, 1000, 10, into));
      assertArrayEquals(
          Arrays.copyOfRange(content, SIZE - 10, SIZE), into.asSlice(10).toArray(JAVA_BYTE));
    }
  }
}
