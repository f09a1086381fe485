package org.torchfits.source;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SlotFolderTest {
  private static final int SLOT = 5000;
  private static final long PLENTY = 1 << 30;

  @TempDir Path folder;

  private SlotFolder slots(long budget) {
    return new SlotFolder(folder.resolve("slots").toString(), budget);
  }

  private static SlotFile opened(SlotFolder slots, String key) {
    return Objects.requireNonNull(slots.open(key, SLOT, true));
  }

  private static MemorySegment filled(long bytes, int value) {
    return Arena.ofAuto().allocate(bytes).fill((byte) value);
  }

  private static void put(SlotFolder slots, String key, long slot, int bytes) {
    try (SlotFile file = opened(slots, key)) {
      file.write(slot, 2, filled(bytes, (int) slot + 1));
    }
  }

  /** The value of all bytes; EMPTY if there are none. */
  private static int get(SlotFolder slots, String key, long slot, int bytes) {
    try (SlotFile file = slots.open(key, SLOT, false)) {
      MemorySegment into = filled(bytes, 99);
      if (file == null || file.read(slot, into) == SlotFile.EMPTY) {
        return SlotFile.EMPTY;
      }
      assertEquals(-1, into.asSlice(1).mismatch(into.asSlice(0, bytes - 1)));
      return into.get(JAVA_BYTE, 0);
    }
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("slots"))) {
      return files.sorted().toList();
    }
  }

  @Test
  void read_written_isWhatWasPut() {
    SlotFolder slots = slots(PLENTY);
    put(slots, "a", 0, SLOT);
    put(slots, "a", 7, 123);
    put(slots, "b", 0, SLOT - 1);
    assertEquals(1, get(slots, "a", 0, SLOT));
    assertEquals(8, get(slots, "a", 7, 123));
    assertEquals(1, get(slots(PLENTY), "b", 0, SLOT - 1));
    try (SlotFile file = opened(slots, "a")) {
      assertEquals(2, file.read(7, filled(123, 0)));
    }
  }

  @Test
  void read_nothingThere_isEmpty() {
    SlotFolder slots = slots(PLENTY);
    assertNull(slots.open("a", SLOT, false));
    put(slots, "a", 3, SLOT);
    assertEquals(SlotFile.EMPTY, get(slots, "a", 2, SLOT));
    assertEquals(SlotFile.EMPTY, get(slots, "a", 4, SLOT));
    assertEquals(SlotFile.EMPTY, get(slots, "a", 1L << 40, SLOT));
    assertEquals(SlotFile.EMPTY, get(slots, "b", 3, SLOT));
    assertEquals(SlotFile.EMPTY, get(slots, "a", 3, SLOT - 1));
    put(slots, "a", 5, 10);
    try (SlotFile file = opened(slots, "a")) {
      MemorySegment longer = filled(12, 99);
      assertEquals(2, file.read(5, longer));
      assertEquals(6, longer.get(JAVA_BYTE, 9));
      assertEquals(99, longer.get(JAVA_BYTE, 10));
    }
    assertNull(slots.open("a", SLOT + 1, false));
  }

  @Test
  void read_anyByteChanged_isEmpty() throws IOException {
    SlotFolder slots = slots(PLENTY);
    put(slots, "a", 1, 64);
    Path file = files().getFirst();
    byte[] content = Files.readAllBytes(file);
    int place = SlotFile.HEADER_BYTES + SlotFile.RECORD_BYTES + SLOT;
    for (int at = place; at < place + 16; at++) {
      requireEmptyIfChanged(slots, file, content, at);
    }
    for (int at = place + SlotFile.RECORD_BYTES; at < content.length; at++) {
      requireEmptyIfChanged(slots, file, content, at);
    }
    Files.write(file, content);
    assertEquals(2, get(slots, "a", 1, 64));
  }

  private static void requireEmptyIfChanged(SlotFolder slots, Path file, byte[] content, int at)
      throws IOException {
    byte[] changed = content.clone();
    changed[at] ^= 0x11;
    Files.write(file, changed);
    assertEquals(SlotFile.EMPTY, get(slots, "a", 1, 64), "byte " + at);
  }

  @Test
  void read_cutAnywhere_isEmptyOrRight() throws IOException {
    SlotFolder slots = slots(PLENTY);
    put(slots, "a", 0, SLOT);
    Path file = files().getFirst();
    byte[] content = Files.readAllBytes(file);
    for (int end = 0; end < content.length; end += 97) {
      Files.write(file, Arrays.copyOf(content, end));
      assertEquals(SlotFile.EMPTY, get(slots, "a", 0, SLOT));
    }
  }

  @Test
  void open_foreignFile_isReplacedWhenItIsWritten() throws IOException {
    SlotFolder slots = slots(PLENTY);
    put(slots, "a", 0, SLOT);
    Files.write(files().getFirst(), new byte[20_000]);
    assertNull(slots.open("a", SLOT, false));
    put(slots, "a", 0, SLOT);
    assertEquals(1, get(slots, "a", 0, SLOT));
    assertEquals(1, files().size());
  }

  @Test
  void write_beyondTheBudget_removesWhatWasUsedLongestAgo() throws IOException {
    long budget = 64 * (SLOT + 10_000);
    SlotFolder slots = slots(budget);
    for (int number = 0; number < 300; number++) {
      put(slots, "k" + number, 0, SLOT);
      for (Path file : files()) {
        long now = System.currentTimeMillis();
        assertTrue(file.toFile().setLastModified(Math.min(now, file.toFile().lastModified() - 10)));
      }
      assertEquals(1, get(slots, "k0", 0, SLOT));
      assertTrue(slots.counts().bytes() <= budget);
    }
    assertEquals(1, get(slots, "k299", 0, SLOT));
    assertEquals(SlotFile.EMPTY, get(slots, "k1", 0, SLOT));
    assertTrue(slots.counts().removed() > 200);
  }

  @Test
  void write_folderThatCannotBeMade_isCountedAndTriedNoMore() {
    SlotFolder slots = new SlotFolder("/proc/torchfits/slots", PLENTY);
    assertNull(slots.open("a", SLOT, true));
    assertNull(slots.open("a", SLOT, true));
    assertEquals(1, slots.counts().failures());
    assertFalse(slots.counts().problem().isEmpty());
    slots.clear();
    assertNull(slots.open("a", SLOT, true));
    assertEquals(2, slots.counts().failures());
  }

  @Test
  void clear_any_removesAll() throws IOException {
    SlotFolder slots = slots(PLENTY);
    put(slots, "a", 0, SLOT);
    try (SlotFile open = opened(slots, "a")) {
      slots.clear();
      assertEquals(List.of(), files());
      assertEquals(2, open.read(0, filled(SLOT, 0)));
    }
    assertEquals(SlotFile.EMPTY, get(slots, "a", 0, SLOT));
    assertEquals(0, slots.counts().bytes());
  }

  @Test
  void slots_manyWriters_areWholeOrEmpty() {
    SlotFolder one = slots(PLENTY);
    SlotFolder other = slots(PLENTY);
    List<CompletableFuture<Void>> running =
        IntStream.range(0, 4)
            .mapToObj(thread ->
                CompletableFuture.runAsync(() -> work(thread % 2 == 0 ? one : other, thread, 500)))
            .toList();
    running.forEach(CompletableFuture::join);
    assertTrue(one.counts().hits() > 0);
    assertEquals(0, one.counts().failures() + other.counts().failures());
  }

  /** Reads and writes slots, of which each holds its number everywhere. */
  private static void work(SlotFolder slots, int seed, int turns) {
    Random random = new Random(seed);
    for (int turn = 0; turn < turns; turn++) {
      long slot = random.nextInt(50);
      String key = "k" + random.nextInt(3);
      int found = get(slots, key, slot, SLOT);
      if (found == SlotFile.EMPTY) {
        putIfItStays(slots, key, slot);
      } else {
        assertEquals((byte) (slot + 1), found);
      }
    }
  }

  /** Another process may remove a file as soon as it is made. */
  private static void putIfItStays(SlotFolder slots, String key, long slot) {
    try (SlotFile file = slots.open(key, SLOT, true)) {
      if (file != null) {
        file.write(slot, 2, filled(SLOT, (int) slot + 1));
      }
    }
  }

  /** A process that works until it is killed; arguments: folder, seed. */
  static final class Writer {
    private Writer() {}

    public static void main(String[] arguments) {
      SlotFolder slots = new SlotFolder(arguments[0], PLENTY);
      for (int round = 0; ; round++) {
        work(slots, round + Integer.parseInt(arguments[1]), 200);
        slots.clear();
      }
    }
  }

  @Test
  void slots_writersKilled_areWholeOrEmpty() throws IOException, InterruptedException {
    Path shared = folder.resolve("slots");
    SlotFolder slots = slots(PLENTY);
    Random random = new Random(3);
    for (int round = 0; round < 8; round++) {
      List<Process> writers = List.of(writer(shared, 2 * round), writer(shared, 2 * round + 1));
      while (!Files.isDirectory(shared) || files().isEmpty()) {
        Thread.sleep(1);
      }
      Thread.sleep(random.nextInt(50));
      for (Process writer : writers) {
        assertTrue(writer.isAlive());
        writer.destroyForcibly();
        assertTrue(writer.waitFor(10, TimeUnit.SECONDS));
      }
      work(slots, round, 300);
    }
    assertEquals(0, slots.counts().failures());
  }

  private static Process writer(Path shared, int seed) throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    ProcessBuilder builder =
        new ProcessBuilder(
            java,
            "--enable-native-access=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-Xmx64m",
            "-cp",
            System.getProperty("java.class.path"),
            Writer.class.getName(),
            shared.toString(),
            Integer.toString(seed));
    Process started = builder.redirectErrorStream(true).start();
    assertNotNull(started);
    return started;
  }
}
