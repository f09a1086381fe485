package org.torchfits.dlpack;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibcTest {
  private static final int EBADF = 9;

  @TempDir Path folder;

  private final Arena arena = Arena.ofConfined();

  @AfterEach
  void closeArena() {
    arena.close();
  }

  private int open(Path path) {
    return Libc.openForReading(arena.allocateFrom(path.toString(), US_ASCII));
  }

  private Path file(String text) throws IOException {
    return Files.writeString(folder.resolve("file"), text);
  }

  private MemorySegment stat(int descriptor) {
    MemorySegment struct = arena.allocate(StatView.BYTES + 8, 8);
    struct.fill((byte) -1);
    assertEquals(0, Libc.stat(descriptor, struct));
    return struct;
  }

  @Test
  void stat_file_isRegularWithItsSize() throws IOException {
    int descriptor = open(file("seventeen bytes.."));
    MemorySegment struct = stat(descriptor);
    Libc.close(descriptor);
    assertTrue(StatView.isRegular(struct));
    assertFalse(StatView.isDirectory(struct));
    assertEquals(17, StatView.size(struct));
  }

  @Test
  void stat_directory_isDirectory() {
    int descriptor = open(folder);
    MemorySegment struct = stat(descriptor);
    Libc.close(descriptor);
    assertTrue(StatView.isDirectory(struct));
    assertFalse(StatView.isRegular(struct));
  }

  @Test
  void stat_closedDescriptor_isErrno() {
    assertEquals(-EBADF, Libc.stat(-1, arena.allocate(StatView.BYTES + 8, 8)));
  }

  @Test
  void read_offset_bringsBytesFromThere() throws IOException {
    int descriptor = open(file("0123456789"));
    MemorySegment into = arena.allocate(4);
    assertEquals(4, Libc.read(descriptor, into, 3));
    Libc.close(descriptor);
    assertArrayEquals("3456".getBytes(US_ASCII), into.toArray(JAVA_BYTE));
  }

  @Test
  void read_acrossEnd_isShort() throws IOException {
    int descriptor = open(file("0123456789"));
    assertEquals(2, Libc.read(descriptor, arena.allocate(4), 8));
    assertEquals(0, Libc.read(descriptor, arena.allocate(4), 10));
    assertEquals(0, Libc.read(descriptor, arena.allocate(4), 1L << 40));
    Libc.close(descriptor);
  }

  @Test
  void read_beyondFourGigabytes_findsItsByte() throws IOException {
    long offset = (5L << 30) + 3;
    Path sparse = folder.resolve("sparse");
    try (RandomAccessFile file = new RandomAccessFile(sparse.toFile(), "rw")) {
      file.seek(offset);
      file.write(42);
    }
    int descriptor = open(sparse);
    MemorySegment into = arena.allocate(4);
    assertEquals(offset + 1, StatView.size(stat(descriptor)));
    assertEquals(1, Libc.read(descriptor, into, offset));
    assertEquals(42, into.get(JAVA_BYTE, 0));
    Libc.close(descriptor);
  }

  @Test
  void read_directory_isErrno() {
    int descriptor = open(folder);
    assertEquals(-Libc.EISDIR, Libc.read(descriptor, arena.allocate(4), 0));
    Libc.close(descriptor);
  }

  @Test
  void read_afterClose_isErrno() {
    assertEquals(-EBADF, Libc.read(-1, arena.allocate(4), 0));
  }

  @Test
  void openForReading_missing_isErrno() {
    assertEquals(-Libc.ENOENT, open(folder.resolve("missing")));
  }

  @Test
  void openForReading_fileAsFolder_isErrno() throws IOException {
    assertEquals(-Libc.ENOTDIR, open(file("").resolve("below")));
  }

  @Test
  void openForReading_linkToItself_isErrno() throws IOException {
    Path link = folder.resolve("link");
    Files.createSymbolicLink(link, link);
    assertEquals(-Libc.ELOOP, open(link));
  }

  @Test
  void openForReading_longName_isErrno() {
    assertEquals(-Libc.ENAMETOOLONG, open(folder.resolve("n".repeat(256))));
  }

  @Test
  void close_openFile_givesDescriptorBack() throws IOException {
    int first = open(file(""));
    Libc.close(first);
    assertEquals(-EBADF, Libc.read(first, arena.allocate(1), 0));
  }
}
