package org.torchfits.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.torchfits.work.Unfinished;

@Timeout(120)
class DecodedFilesTest {
  private static final long FOREVER = Long.MAX_VALUE / 4;

  @TempDir Path folder;
  private final DecodedFiles files = new DecodedFiles();

  private static long deadline() {
    return System.nanoTime() + FOREVER;
  }

  private Path write(String name, int bytes) throws IOException {
    return Files.write(folder.resolve(name), Compressor.GZIP.compress(new byte[bytes]));
  }

  private static void awaitSettled(Path path) throws InterruptedException {
    while (!Objects.requireNonNull(FileIdentity.ofPath(path.toString())).isSettled()) {
      Thread.sleep(10);
    }
  }

  private DecodedFiles.Entry lease(Path path) {
    return files.lease(FileSource.open(path.toString()), Compression.GZIP);
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }

  @Test
  void lease_sameFile_isShared() throws Exception {
    Path path = write("a", 1000);
    awaitSettled(path);
    DecodedFiles.Entry first = lease(path);
    DecodedFiles.Entry second = lease(path);
    assertSame(first, second);
    files.release(first, false);
    files.release(second, false);
    DecodedFiles.Entry later = lease(path);
    assertSame(first, later);
    files.release(later, false);
  }

  @Test
  void lease_changedFile_isAnother() throws Exception {
    Path path = write("a", 1000);
    awaitSettled(path);
    DecodedFiles.Entry old = lease(path);
    assertEquals(1000, old.file().size(deadline()));
    write("a", 2000);
    DecodedFiles.Entry changed = lease(path);
    assertNotSame(old, changed);
    assertEquals(1000, old.file().size(deadline()));
    assertEquals(2000, changed.file().size(deadline()));
    files.release(old, false);
    files.release(changed, false);
  }

  /** It could be written again within the same tick of the clock. */
  @Test
  void lease_freshFileAgain_isDecodedAgain() throws IOException {
    Path path = write("a", 1000);
    DecodedFiles.Entry first = lease(path);
    files.release(first, false);
    DecodedFiles.Entry second = lease(path);
    assertNotSame(first, second);
    files.release(second, false);
  }

  @Test
  void lease_freshFileThatIsAwaited_goesOn() throws IOException {
    Path path = write("a", 1 << 20);
    DecodedFiles.Entry first = lease(path);
    files.release(first, true);
    DecodedFiles.Entry second = lease(path);
    assertSame(first, second);
    files.release(second, false);
  }

  @Test
  void release_manyFiles_keepsTheLastAndFewDescriptors() throws Exception {
    List<Path> paths = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      paths.add(write("f" + i, 1000 + i));
    }
    awaitSettled(paths.getLast());
    long before = descriptors();
    List<DecodedFiles.Entry> entries = new ArrayList<>();
    for (Path path : paths) {
      DecodedFiles.Entry entry = lease(path);
      assertTrue(entry.file().reaches(1000, deadline()));
      entries.add(entry);
      files.release(entry, false);
    }
    assertTrue(descriptors() - before <= 64, () -> "too many descriptors");
    assertSame(entries.getLast(), lease(paths.getLast()));
    assertNotSame(entries.getFirst(), lease(paths.getFirst()));
  }

  @Test
  void release_largeFiles_keepsMemoryWithinBounds() throws Exception {
    List<Path> paths = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      paths.add(write("f" + i, (100 << 20) + i));
    }
    awaitSettled(paths.getLast());
    List<DecodedFiles.Entry> entries = new ArrayList<>();
    for (Path path : paths) {
      DecodedFiles.Entry entry = lease(path);
      entry.file().size(deadline());
      entries.add(entry);
      files.release(entry, false);
    }
    assertSame(entries.get(3), lease(paths.get(3)));
    assertSame(entries.get(2), lease(paths.get(2)));
    assertNotSame(entries.get(1), lease(paths.get(1)));
  }

  @Test
  void lease_moreHeapThanThereIs_comesBack() throws Exception {
    Path path = Files.write(folder.resolve("z"), Compressor.ZSTD.compress(new byte[1 << 20]));
    List<DecodedFiles.Entry> held = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Path copy = Files.copy(path, folder.resolve("z" + i));
      held.add(files.lease(FileSource.open(copy.toString()), Compression.ZSTD));
    }
    try (FileSource file = FileSource.open(path.toString())) {
      assertThrows(Unfinished.class, () -> files.lease(file, Compression.ZSTD));
    }
    held.get(1).file().size(deadline());
    files.release(files.lease(FileSource.open(path.toString()), Compression.ZSTD), false);
    held.forEach(entry -> files.release(entry, false));
  }

  @Test
  void read_beyondMemory_goesOnOnDisk() throws IOException {
    int bytes = (int) DecodedFile.MAX_IN_MEMORY_BYTES + 1000;
    DecodedFiles.Entry entry = lease(write("a", bytes));
    assertEquals(bytes, entry.file().size(deadline()));
    assertTrue(entry.file().isOnDisk());
    assertEquals(bytes, Files.size(Path.of(entry.file().descriptorPath(deadline()))));
    files.release(entry, false);
  }
}
