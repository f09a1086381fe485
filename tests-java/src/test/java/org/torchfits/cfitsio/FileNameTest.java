package org.torchfits.cfitsio;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.torchfits.header.FitsBytes.card;
import static org.torchfits.header.FitsBytes.primary;
import static org.torchfits.header.FitsBytes.with;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.FitsBytes;

/**
 * A name is the name of a file and nothing else: it must not write or make a file, run a program,
 * open a connection, read standard input or shared memory, choose an HDU, expand to another name,
 * or be replaced by one that has a suffix more.
 */
class FileNameTest {
  @TempDir Path folder;

  private static final byte[] IMAGE =
      new FitsBytes()
          .header(with(primary(8, 2), card("BLANK", 0)))
          .data((byte) 1, (byte) 2)
          .toBytes();

  /**
   * Each would mean something to {@code fits_open_file}, or does mean something to {@code
   * fits_open_diskfile}.
   */
  static Stream<String> names() {
    return Stream.of(
        "a.fits[1]",
        "a.fits[0][1:1]",
        "a.fits+1",
        "a.fits(out.fits)",
        "!a.fits",
        "-",
        "stdin",
        "stdin:",
        "stdout:",
        "mem:",
        "shmem:h1",
        "http:a.fits",
        "https:a.fits",
        "ftp:a.fits",
        "root:a.fits",
        "file:a.fits",
        "|touch out.fits",
        "a.fits|touch out.fits",
        "$(touch out.fits)",
        "~",
        "~root",
        "~no-such-user",
        " a.fits",
        "  ",
        "a.fits ",
        "@a.fits",
        "a.fits;1",
        "a\nb.fits",
        "%41.fits");
  }

  private List<String> filesInFolder() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private String at(String name) {
    return folder + "/" + name;
  }

  private static void assertNotFound(String path) {
    FitsException failure = assertThrows(FitsException.class, () -> FitsFile.open(path));
    assertEquals(ErrorKind.NOT_FOUND, failure.kind(), failure::getMessage);
  }

  private static void assertOpensTheImage(String path) {
    try (FitsFile file = FitsFile.open(path)) {
      assertEquals(1, file.hduCount());
      assertArrayEquals(new long[] {2}, file.shape());
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void open_nameWithAMeaning_isTheFileOfThatName(String name) throws IOException {
    Files.write(folder.resolve(name), IMAGE);
    assertOpensTheImage(at(name));
    assertEquals(List.of(name), filesInFolder());
  }

  @ParameterizedTest
  @MethodSource("names")
  void open_nameWithAMeaning_isNoOtherFile(String name) throws IOException {
    Files.write(folder.resolve("a.fits"), IMAGE);
    assertNotFound(at(name));
    assertEquals(List.of("a.fits"), filesInFolder());
    assertArrayEquals(IMAGE, Files.readAllBytes(folder.resolve("a.fits")));
  }

  /**
   * Relative names, which begin with what has a meaning: there are no such files, so nothing may be
   * opened.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "-",
        "~",
        "~/",
        "~root/a.fits",
        "~no-such-user/a.fits",
        "stdin://",
        "stdin",
        "mem://",
        "memkeep://a",
        "shmem://h1",
        "http://127.0.0.1:9/a.fits",
        "https://127.0.0.1:9/a.fits",
        "ftp://127.0.0.1:9/a.fits",
        "root://127.0.0.1:9/a.fits",
        "gsiftp://127.0.0.1:9/a.fits",
        "file:///etc/hostname",
        "compress://a.fits",
        "httpfile://a.fits",
        "stream://a.fits",
        "!out.fits",
        "|cmd"
      })
  @Timeout(5)
  void open_relativeNameWithAMeaning_isNotFound(String name) {
    assertNotFound(name);
  }

  @Test
  void open_longNameOfAHomeFolder_isNotFound() {
    assertNotFound("~" + "a".repeat(200) + "/a.fits");
    assertNotFound("a".repeat(5000));
  }

  @ParameterizedTest
  @ValueSource(strings = {".gz", ".bz2", ".Z", ".z", ".zip", "-z", "-gz", ".fz"})
  void open_missingFileWithACompressedSibling_isNotFound(String suffix) throws IOException {
    Files.write(folder.resolve("a.fits" + suffix), IMAGE);
    assertNotFound(at("a.fits"));
    assertOpensTheImage(at("a.fits" + suffix));
  }

  @Test
  void open_unreadableFile_isNotReplacedByItsSibling() throws IOException {
    Files.createDirectory(folder.resolve("a.fits"));
    Files.write(folder.resolve("a.fits.gz"), IMAGE);
    FitsException failure = assertThrows(FitsException.class, () -> FitsFile.open(at("a.fits")));
    assertEquals(ErrorKind.NOT_A_FILE, failure.kind());
  }

  @Test
  @Timeout(5)
  void open_pipeOrDevice_isRefusedAtOnce() throws Exception {
    Process mkfifo = new ProcessBuilder("mkfifo", at("pipe")).start();
    assertEquals(0, mkfifo.waitFor());
    for (String path : List.of(at("pipe"), "/dev/zero", "/dev/stdin/", folder.toString())) {
      FitsException failure = assertThrows(FitsException.class, () -> FitsFile.open(path));
      assertTrue(
          failure.kind() == ErrorKind.NOT_A_FILE || failure.kind() == ErrorKind.NOT_FOUND,
          failure::getMessage);
    }
  }

  /** Made by a shell, as Java can make no such name where the locale is C. */
  @Test
  void open_nameBeyondAscii_isItsBytes() throws Exception {
    Files.write(folder.resolve("a.fits"), IMAGE);
    String script = "ln a.fits \"$(printf '\\345\\256\\207 \\377.fits')\"";
    Process link = new ProcessBuilder("sh", "-c", script).directory(folder.toFile()).start();
    assertEquals(0, link.waitFor());
    assertOpensTheImage(at("\u00e5\u00ae\u0087 \u00ff.fits"));
    FitsException failure =
        assertThrows(FitsException.class, () -> FitsFile.open(at("\u00e5\u00ae\u0087.fits")));
    assertTrue(failure.toString().contains("\u5b87.fits: no such file"), failure::getMessage);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\0.fits", "\u5b87.fits"})
  void open_charsThatAreNoBytes_areRefused(String name) {
    assertThrows(IllegalArgumentException.class, () -> FitsFile.open(name));
  }
}
