package org.torchfits.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.torchfits.cache.OpenFiles.Bounds;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.FitsBytes;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduReader;
import org.torchfits.header.HduSelector;
import org.torchfits.source.FileIdentity;
import org.torchfits.source.MemoryNames;

class OpenFilesTest {
  private static final long NEVER = Long.MAX_VALUE / 4;
  private static final int LARGE = 100_000;

  @TempDir Path folder;

  private OpenFiles files = new OpenFiles(new Bounds(8, 3, 1 << 20, NEVER));

  private static byte[] fits(int pixels, int extensions) {
    FitsBytes bytes = new FitsBytes().header(FitsBytes.primary(8, pixels)).data(new byte[pixels]);
    for (int i = 0; i < extensions; i++) {
      bytes.header(FitsBytes.extension(8, 10 + i)).data(new byte[10 + i]);
    }
    return bytes.toBytes();
  }

  /** A file that nobody wrote within the last tick of the file system's clock. */
  private String settled(String name, byte[] bytes) throws Exception {
    return settle(Files.write(folder.resolve(name), bytes));
  }

  private static String settle(Path file) throws InterruptedException {
    for (FileIdentity now = FileIdentity.ofPath(file.toString());
        now != null && !now.isSettled();
        now = FileIdentity.ofPath(file.toString())) {
      Thread.sleep(5);
    }
    return file.toString();
  }

  private Hdu hdu(String path, int index) {
    try (HduReader reader = files.reader(path)) {
      return reader.find(new HduSelector(index, null, 0));
    }
  }

  private long pixels(String path, int index) {
    return hdu(path, index).axes()[0];
  }

  private long count(String path) {
    try (HduReader reader = files.reader(path)) {
      long count = 0;
      while (reader.next() != null) {
        count++;
      }
      return count;
    }
  }

  private long descriptors() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return all.filter(this::pointsBelowFolder).count();
    }
  }

  private boolean pointsBelowFolder(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).startsWith(folder);
    } catch (IOException closedMeanwhile) {
      return false;
    }
  }

  private FitsException failure(String name) {
    return assertThrows(FitsException.class, () -> pixels(folder.resolve(name).toString(), 0));
  }

  @Test
  void reader_secondTime_givesTheSameHdus() throws Exception {
    String path = settled("a.fits", fits(LARGE, 3));
    Hdu first = hdu(path, 2);
    assertSame(first, hdu(path, 2));
    assertEquals(4, count(path));
    assertSame(first, hdu(path, 2));
    assertEquals(12, pixels(path, 3));
    assertThrows(FitsException.class, () -> hdu(path, 4));
  }

  @Test
  void reader_once_keepsNoDescriptor() throws Exception {
    String path = settled("a.fits", fits(LARGE, 0));
    assertEquals(LARGE, pixels(path, 0));
    assertEquals(0, descriptors());
  }

  @Test
  void reader_again_keepsOneDescriptor() throws Exception {
    String path = settled("a.fits", fits(LARGE, 0));
    for (int i = 0; i < 5; i++) {
      assertEquals(LARGE, pixels(path, 0));
    }
    assertEquals(1, descriptors());
  }

  @Test
  void reader_smallFile_keepsNothing() throws Exception {
    String path = settled("a.fits", fits(1000, 0));
    for (int i = 0; i < 5; i++) {
      assertEquals(1000, pixels(path, 0));
    }
    assertEquals(0, descriptors());
  }

  @Test
  void reader_fileWrittenJustNow_keepsNothing() throws Exception {
    Path path = folder.resolve("a.fits");
    for (int i = 0; i < 50; i++) {
      Files.write(path, fits(LARGE + i, i % 3));
      assertEquals(LARGE + i, pixels(path.toString(), 0));
      assertEquals(1 + i % 3, count(path.toString()));
    }
    assertEquals(0, descriptors());
  }

  @Test
  void reader_manyFiles_boundsDescriptors() throws Exception {
    List<String> paths = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      paths.add(Files.write(folder.resolve(i + ".fits"), fits(LARGE + i, 0)).toString());
    }
    settle(Path.of(paths.getLast()));
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < 6; i++) {
        assertEquals(LARGE + i, pixels(paths.get(i), 0));
      }
    }
    assertEquals(3, descriptors());
    for (int i = 0; i < 20; i++) {
      assertEquals(LARGE + i, pixels(paths.get(i), 0));
    }
    // The files that were used last pushed the others out.
    assertEquals(0, descriptors());
  }

  @Test
  void reader_unusedDescriptor_isClosedByTheNextCall() throws Exception {
    files = new OpenFiles(new Bounds(8, 3, 1 << 20, 50_000_000));
    String path = settled("a.fits", fits(LARGE, 0));
    pixels(path, 0);
    pixels(path, 0);
    assertEquals(1, descriptors());
    Thread.sleep(60);
    assertEquals(ErrorKind.NOT_FOUND, failure("missing").kind());
    assertEquals(0, descriptors());
  }

  @Test
  void reader_largeHeaders_areForgotten() throws Exception {
    files = new OpenFiles(new Bounds(8, 3, 300, NEVER));
    String path = settled("a.fits", fits(LARGE, 3));
    for (int i = 0; i < 5; i++) {
      assertEquals(4, count(path));
    }
    assertEquals(0, descriptors());
  }

  @Test
  void reader_replacedFile_isTheNewOne() throws Exception {
    Path path = Path.of(settled("a.fits", fits(LARGE, 1)));
    for (int i = 1; i < 20; i++) {
      // All of one size.
      String next = settled("b.fits", fits(LARGE + i % 2, 1));
      pixels(path.toString(), 0);
      pixels(path.toString(), 0);
      Files.move(Path.of(next), path, StandardCopyOption.REPLACE_EXISTING);
      assertEquals(LARGE + i % 2, pixels(path.toString(), 0));
    }
    // Of the files that have no name any more none is left.
    settle(path);
    pixels(path.toString(), 0);
    pixels(path.toString(), 0);
    assertEquals(1, descriptors());
  }

  @Test
  void reader_rewrittenInPlace_isTheNewContent() throws Exception {
    Path path = Path.of(settled("a.fits", fits(LARGE, 1)));
    for (int i = 0; i < 20; i++) {
      pixels(path.toString(), 0);
      pixels(path.toString(), 1);
      // As many bytes as before, other axes.
      Files.write(path, fits(LARGE - i - 1, 1), StandardOpenOption.WRITE);
      assertEquals(LARGE - i - 1, pixels(path.toString(), 0));
      if (i % 2 == 0) {
        settle(path);
      }
    }
  }

  @Test
  void reader_appendedHdu_isThere() throws Exception {
    Path path = Path.of(settled("a.fits", fits(LARGE, 0)));
    for (int i = 0; i < 5; i++) {
      assertEquals(1 + i, count(path.toString()));
      assertEquals(1 + i, count(path.toString()));
      byte[] hdu = new FitsBytes().header(FitsBytes.extension(8, 10)).data(new byte[10]).toBytes();
      Files.write(path, hdu, StandardOpenOption.APPEND);
      assertEquals(2 + i, count(path.toString()));
      settle(path);
    }
  }

  @Test
  void reader_truncatedFile_endsEarlier() throws Exception {
    Path path = Path.of(settled("a.fits", fits(LARGE, 2)));
    assertEquals(3, count(path.toString()));
    assertEquals(3, count(path.toString()));
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(file.length() - 2 * 2880);
    }
    assertEquals(2, count(path.toString()));
    try (HduReader reader = files.reader(path.toString())) {
      assertEquals(Files.size(path), reader.source().size());
    }
  }

  @Test
  void reader_deletedFile_isNotFound() throws Exception {
    String path = settled("a.fits", fits(LARGE, 0));
    pixels(path, 0);
    pixels(path, 0);
    Files.delete(Path.of(path));
    assertEquals(ErrorKind.NOT_FOUND, failure("a.fits").kind());
    assertEquals(0, descriptors());
  }

  @Test
  void reader_inUseWhileFileIsReplaced_keepsItsOwn() throws Exception {
    Path path = Path.of(settled("a.fits", fits(LARGE, 0)));
    try (HduReader old = files.reader(path.toString())) {
      Path next = Path.of(settled("b.fits", fits(LARGE + 5, 0)));
      Files.move(next, path, StandardCopyOption.REPLACE_EXISTING);
      assertEquals(LARGE + 5, pixels(path.toString(), 0));
      assertEquals(LARGE, old.find(new HduSelector(0, null, 0)).axes()[0]);
    }
    assertEquals(0, descriptors());
  }

  @Test
  void reader_damagedSecondHeader_failsEachTime() throws Exception {
    byte[] bytes = fits(LARGE, 1);
    int second = 2880 + (LARGE + 2879) / 2880 * 2880;
    bytes[second + 80 + 9] = (byte) '?';
    String path = settled("a.fits", bytes);
    for (int i = 0; i < 4; i++) {
      assertEquals(LARGE, pixels(path, 0));
      assertThrows(FitsException.class, () -> hdu(path, 1));
    }
  }

  @Test
  void reader_manyThreadsWhileFilesChange_areNeverStale() throws Exception {
    files = new OpenFiles(new Bounds(4, 2, 1 << 20, 1000));
    Path path = folder.resolve("a.fits");
    Files.write(path, fits(LARGE, 0));
    List<Future<Integer>> results = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      long end = System.nanoTime() + 700_000_000;
      for (int t = 0; t < 4; t++) {
        results.add(threads.submit(() -> readUntil(end, path.toString())));
      }
      for (int version = 1; System.nanoTime() < end; version++) {
        Path next = Files.write(folder.resolve("next"), fits(LARGE + version, 0));
        settle(next);
        Files.move(next, path, StandardCopyOption.ATOMIC_MOVE);
        assertEquals(LARGE + version, pixels(path.toString(), 0));
      }
      for (Future<Integer> result : results) {
        result.get();
      }
    }
    for (int i = 0; i < 3; i++) {
      pixels(settled("other" + i, fits(LARGE, 0)), 0);
    }
    assertEquals(0, descriptors());
  }

  /** Versions only grow. */
  private int readUntil(long end, String path) {
    long last = 0;
    while (System.nanoTime() < end) {
      long now = pixels(path, 0);
      assertTrue(now >= last);
      last = now;
    }
    return 0;
  }

  @Test
  void reader_bytesInMemory_leavesNothing() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      String name = MemoryNames.of(fits(LARGE, 2), true, arena);
      for (int index = 0; index < 3; index++) {
        assertEquals(index == 0 ? LARGE : 9 + index, pixels(name, index));
      }
    }
    assertEquals(0, descriptors());
  }
}
