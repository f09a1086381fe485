package org.torchfits.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileIdentityTest {
  private static final long SECOND = 1_000_000_000L;

  @TempDir Path folder;

  private Path file(String name, int bytes) throws IOException {
    return Files.write(folder.resolve(name), new byte[bytes]);
  }

  private static FileIdentity identity(Path path) {
    return Objects.requireNonNull(FileIdentity.ofPath(path.toString()));
  }

  private static void awaitSettled(Path path) throws InterruptedException {
    FileIdentity identity = identity(path);
    while (!identity.isSettled()) {
      Thread.sleep(10);
    }
  }

  @Test
  void ofPath_file_isWhatJavaFinds() throws IOException {
    Path file = file("a", 77);
    FileIdentity identity = identity(file);
    assertEquals(77, identity.size());
    assertEquals(Files.getAttribute(file, "unix:ino"), identity.inode());
    assertEquals(nanos(Files.getLastModifiedTime(file)), identity.mtimeNanos());
    assertEquals(nanos((FileTime) Files.getAttribute(file, "unix:ctime")), identity.ctimeNanos());
  }

  private static long nanos(FileTime time) {
    Instant instant = time.toInstant();
    return instant.getEpochSecond() * SECOND + instant.getNano();
  }

  @Test
  void ofPath_openFile_isEqual() throws IOException {
    Path file = file("a", 77);
    try (FileSource source = FileSource.open(file.toString())) {
      assertEquals(source.identity(), identity(file));
    }
  }

  @Test
  void ofPath_noRegularFile_isNull() {
    assertNull(FileIdentity.ofPath(folder.toString()));
    assertNull(FileIdentity.ofPath(folder.resolve("missing").toString()));
    assertNull(FileIdentity.ofPath("/dev/zero"));
  }

  @Test
  void ofPath_link_isItsTarget() throws IOException {
    Path file = file("a", 77);
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    assertEquals(identity(file), identity(link));
  }

  @Test
  void ofPath_replaced_differs() throws IOException {
    Path file = file("a", 77);
    FileIdentity before = identity(file);
    Files.move(file("b", 77), file, StandardCopyOption.REPLACE_EXISTING);
    assertNotEquals(before, identity(file));
  }

  @Test
  void ofPath_rewrittenAndMtimePutBack_differs() throws Exception {
    Path file = file("a", 77);
    awaitSettled(file);
    FileIdentity before = identity(file);
    FileTime mtime = Files.getLastModifiedTime(file);
    Files.write(file, new byte[77]);
    Files.setLastModifiedTime(file, mtime);
    FileIdentity after = identity(file);
    assertEquals(before.mtimeNanos() / 1000, after.mtimeNanos() / 1000);
    assertNotEquals(before, after);
  }

  @Test
  void isSettled_freshFile_isSoNotYet() throws Exception {
    Path file = file("a", 77);
    assertFalse(identity(file).isSettled());
    awaitSettled(file);
    assertTrue(identity(file).isSettled());
  }

  @Test
  void isSettledAt_clockOfWholeSeconds_waitsLonger() {
    long second = TimeUnit.DAYS.toNanos(20_000);
    FileIdentity coarse = new FileIdentity(1, 2, 3, second, second);
    FileIdentity fine = new FileIdentity(1, 2, 3, second, second + 1);
    assertFalse(coarse.isSettledAt(second + 2 * SECOND));
    assertTrue(coarse.isSettledAt(second + 4 * SECOND));
    assertTrue(fine.isSettledAt(second + SECOND));
  }

  @Test
  void isSettledAt_fileOfTheFuture_isNever() {
    FileIdentity future = new FileIdentity(1, 2, 3, 10 * SECOND + 1, 10 * SECOND + 1);
    assertFalse(future.isSettledAt(5 * SECOND));
  }
}
