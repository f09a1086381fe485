package org.torchfits.source;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class BorrowedBytesTest extends ByteSourceContract {
  private final Arena arena = Arena.ofAuto();

  private FitsSource source(byte[] bytes, boolean constant) {
    return FitsSource.open(MemoryNames.of(bytes, constant, arena));
  }

  @Override
  ByteSource open(byte[] bytes) {
    return SourceNames.open(MemoryNames.of(bytes, true, arena));
  }

  /** Found to be no compressed file. */
  @Nested
  class AsFitsFile extends ByteSourceContract {
    @Override
    ByteSource open(byte[] bytes) {
      return source(bytes, false);
    }
  }

  /** Compressed in memory. */
  @Nested
  class Compressed extends ByteSourceContract {
    @Override
    ByteSource open(byte[] bytes) throws IOException {
      return new PatientSource(source(Compressor.GZIP.compress(bytes), bytes.length % 2 == 0));
    }
  }

  /** Copied to a file. */
  @Nested
  class Copied extends ByteSourceContract {
    @Override
    ByteSource open(byte[] bytes) {
      try (FitsSource source = source(bytes, false)) {
        return FileSource.open(PatientSource.patiently(source::descriptorPath));
      }
    }
  }

  @Test
  void name_anyLabel_isTheLabel() {
    try (FitsSource source = source(new byte[5], true)) {
      assertEquals("<some: bytes, 1>", source.name());
    }
  }

  @Test
  void descriptorPath_plain_namesAFileOfTheBytes() throws IOException {
    byte[] content = new byte[3_000_000];
    new Random(3).nextBytes(content);
    try (FitsSource source = source(content, false)) {
      String path = PatientSource.patiently(source::descriptorPath);
      assertArrayEquals(content, Files.readAllBytes(Path.of(path)));
      assertEquals(path, source.descriptorPath());
      MemorySegment into = arena.allocate(10);
      assertEquals(10, source.read(100, into));
      assertArrayEquals(Arrays.copyOfRange(content, 100, 110), into.toArray(JAVA_BYTE));
    }
  }

  @Test
  void settledIdentity_constantBytes_isTheirsAlone() {
    byte[] bytes = new byte[100];
    String name = MemoryNames.of(bytes, true, arena);
    try (FitsSource first = FitsSource.open(name);
        FitsSource again = FitsSource.open(name);
        FitsSource other = source(bytes, true);
        FitsSource changing = source(bytes, false)) {
      assertEquals(first.identity(), first.settledIdentity());
      assertEquals(first.settledIdentity(), again.settledIdentity());
      assertNotEquals(first.settledIdentity(), other.settledIdentity());
      assertNull(changing.settledIdentity());
      assertFalse(changing.identity().isSettled());
    }
  }

  @Test
  void read_manyThreads_countsRequestsAndBytes() {
    MemorySegment counts = arena.allocate(JAVA_LONG, 2);
    String name = MemoryNames.of(new byte[10_000], true, counts, arena);
    try (ByteSource source = SourceNames.open(name)) {
      IntStream.range(0, 1000)
          .parallel()
          .forEach(_ -> {
            try (Arena own = Arena.ofConfined()) {
              source.read(9_900, own.allocate(150));
            }
          });
    }
    assertArrayEquals(new long[] {1000, 100_000}, counts.toArray(JAVA_LONG));
  }

  @Test
  void open_compressedTwice_decodesOnce() throws IOException {
    MemorySegment counts = arena.allocate(JAVA_LONG, 2);
    byte[] compressed = Compressor.GZIP.compress(new byte[500_000]);
    String name = MemoryNames.of(compressed, true, counts, arena);
    MemorySegment into = arena.allocate(500_000);
    for (int round = 0; round < 3; round++) {
      try (ByteSource source = new PatientSource(FitsSource.open(name))) {
        assertEquals(500_000, source.read(0, into));
      }
    }
    // The beginning is looked at each time.
    assertTrue(counts.get(JAVA_LONG, 8) < compressed.length + 3 * 500_000L);
    assertTrue(counts.get(JAVA_LONG, 0) < 10);
  }

  @Test
  void isLocalFile_names_areToldByTheirFirstCharacter() {
    assertTrue(SourceNames.isLocalFile(""));
    assertTrue(SourceNames.isLocalFile("memory:1"));
    assertTrue(SourceNames.isLocalFile("\u00e2\u0080\u0083memory:1"));
    assertFalse(SourceNames.isLocalFile("\u2003memory:1"));
  }

  @Test
  void open_unknownKind_isRefused() {
    for (String name : new String[] {"\u2003", "\u2003:", "\u2003tape:7", "\u2003memory"}) {
      assertThrows(IllegalArgumentException.class, () -> FitsSource.open(name));
    }
  }
}
