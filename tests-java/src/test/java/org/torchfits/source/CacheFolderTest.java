package org.torchfits.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheFolderTest {
  @TempDir Path root;

  private Path folder() {
    return root.resolve("a").resolve("b");
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder())) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void read_written_isTheContent() throws IOException {
    CacheFolder folder = new CacheFolder(folder(), 100);
    assertNull(folder.read("x"));
    folder.write("x", new byte[] {1, 2});
    folder.write("x", new byte[] {3});
    assertArrayEquals(new byte[] {3}, folder.read("x"));
    assertEquals(List.of("x"), names());
    assertEquals(
        PosixFilePermissions.fromString("rw-------"),
        Files.getPosixFilePermissions(folder().resolve("x")));
  }

  @Test
  void write_beyondTheBound_removesWhatWasUsedLongestAgo() throws IOException {
    CacheFolder folder = new CacheFolder(folder(), 100);
    for (int i = 0; i < 3; i++) {
      folder.write("f" + i, new byte[40]);
      Files.setLastModifiedTime(folder().resolve("f" + i), FileTime.fromMillis(1000L * (i + 1)));
      assertNotNull(folder.read("f0"), "used last");
    }
    assertEquals(List.of("f0", "f2"), names());
    folder.write("large", new byte[101]);
    assertEquals(List.of("f0", "f2"), names());
  }

  @Test
  void write_folderThatCannotBe_isNothing() throws IOException {
    Files.write(root.resolve("a"), new byte[1]);
    CacheFolder folder = new CacheFolder(folder(), 100);
    folder.write("x", new byte[1]);
    assertNull(folder.read("x"));
    folder.clear();
    new CacheFolder(null, 100).write("x", new byte[1]);
    assertNull(new CacheFolder(null, 100).read("x"));
  }

  @Test
  void write_leftovers_areRemovedWhenOld() throws IOException {
    CacheFolder folder = new CacheFolder(folder(), 100);
    folder.write("x", new byte[1]);
    Path old = Files.write(folder().resolve("y.1.1.partial"), new byte[1]);
    Files.setLastModifiedTime(old, FileTime.fromMillis(1000));
    Files.write(folder().resolve("z.1.2.partial"), new byte[1]);
    folder.write("x", new byte[1]);
    assertEquals(List.of("x", "z.1.2.partial"), names());
    folder.clear();
    assertEquals(List.of(), names());
  }
}
