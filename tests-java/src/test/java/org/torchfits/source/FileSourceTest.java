package org.torchfits.source;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.dlpack.Libc;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

class FileSourceTest extends ByteSourceContract {
  @TempDir Path folder;

  @Override
  ByteSource open(byte[] bytes) throws IOException {
    Path file = Files.write(folder.resolve("content"), bytes);
    return FileSource.open(file.toString());
  }

  private static String text(String path) {
    try (ByteSource source = FileSource.open(path);
        Arena arena = Arena.ofConfined()) {
      MemorySegment into = arena.allocate(source.size());
      assertEquals(source.size(), source.read(0, into));
      return new String(into.toArray(JAVA_BYTE), UTF_8);
    }
  }

  /** What comes of opening a name and reading from it. */
  private static FitsException failure(String path) {
    return assertThrows(FitsException.class, () -> text(path));
  }

  /** What comes of reading alone. */
  private static FitsException readFailure(String path) {
    try (ByteSource source = FileSource.open(path);
        Arena arena = Arena.ofConfined()) {
      MemorySegment into = arena.allocate(4);
      return assertThrows(FitsException.class, () -> source.read(0, into));
    }
  }

  private static void assertFailure(
      ErrorKind kind, int status, String message, FitsException failure) {
    assertEquals(kind, failure.kind());
    assertEquals(status, failure.status());
    assertEquals(message, failure.getMessage());
  }

  @Test
  void open_missing_isNotFound() {
    String path = folder.resolve("missing.fits").toString();
    assertFailure(ErrorKind.NOT_FOUND, Libc.ENOENT, path + ": no such file", failure(path));
  }

  @Test
  void open_emptyName_isNotFound() {
    assertFailure(ErrorKind.NOT_FOUND, Libc.ENOENT, ": no such file", failure(""));
  }

  @Test
  void open_fileAsFolder_isNotFound() throws IOException {
    String path = Files.writeString(folder.resolve("file"), "") + "/below";
    assertFailure(ErrorKind.NOT_FOUND, Libc.ENOTDIR, path + ": no such file", failure(path));
  }

  @Test
  void open_longName_isNotFound() {
    String path = folder.resolve("n".repeat(300)).toString();
    assertFailure(
        ErrorKind.NOT_FOUND, Libc.ENAMETOOLONG, path + ": the name is too long", failure(path));
  }

  @Test
  void open_nameLargerThanScratch_isNotFound() {
    FitsException failure = failure("n".repeat((int) Scratch.BYTES));
    assertEquals(ErrorKind.NOT_FOUND, failure.kind());
  }

  @Test
  void open_linkToItself_isIoError() throws IOException {
    Path link = folder.resolve("link");
    Files.createSymbolicLink(link, link);
    assertFailure(
        ErrorKind.IO, Libc.ELOOP, link + ": too many symbolic links", failure(link.toString()));
  }

  @Test
  void open_socket_isNotAFile() throws IOException {
    Path socket = folder.resolve("socket");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
      assertEquals(ErrorKind.NOT_A_FILE, failure(socket.toString()).kind());
    }
  }

  @Test
  void size_directory_isNotAFile() {
    assertFailure(
        ErrorKind.NOT_A_FILE,
        Libc.EISDIR,
        folder + ": a directory, not a regular file",
        failure(folder.toString()));
  }

  @Test
  void read_directory_isNotAFile() {
    assertFailure(
        ErrorKind.NOT_A_FILE,
        Libc.EISDIR,
        folder + ": a directory, not a regular file",
        readFailure(folder.toString()));
  }

  @Test
  @Timeout(20)
  void size_pipeThatNobodyWrites_isNotAFileAtOnce() throws Exception {
    Path pipe = folder.resolve("pipe");
    FileNames.makePipe(pipe);
    assertFailure(
        ErrorKind.NOT_A_FILE,
        Libc.ESPIPE,
        pipe + ": a pipe, socket or device, not a regular file",
        failure(pipe.toString()));
  }

  @Test
  @Timeout(20)
  void read_pipeThatNobodyWrites_isNotAFileAtOnce() throws Exception {
    Path pipe = folder.resolve("pipe");
    FileNames.makePipe(pipe);
    assertFailure(
        ErrorKind.NOT_A_FILE,
        Libc.ESPIPE,
        pipe + ": a pipe, socket or device, not a regular file",
        readFailure(pipe.toString()));
  }

  @Test
  void size_endlessDevice_isNotAFile() {
    assertEquals(ErrorKind.NOT_A_FILE, failure("/dev/zero").kind());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a.fits[0]",
        "!a.fits",
        "-",
        "a.fits+1",
        "file:a",
        "%s",
        "a b",
        "$(a)",
        "`a`",
        "a;b",
        "*",
        "?",
        "~",
        "a|b",
        "a\nb",
        "a\\b",
        "http:",
        "mem",
        "stdin",
        "'\"",
        "a.fits(b)"
      })
  void open_anyCharacters_areTakenLiterally(String name) throws Exception {
    FileNames.write(folder, name, "this one");
    assertEquals("this one", text(folder + "/" + name));
  }

  /** Bytes of a name in UTF-8, in Latin-1 and in neither. */
  @ParameterizedTest
  @ValueSource(strings = {"caf\u00c3\u00a9", "caf\u00e9", "\u00ff\u00fe\u0080"})
  void open_bytesAboveAscii_areTakenLiterally(String name) throws Exception {
    FileNames.write(folder, name, "this one");
    assertEquals("this one", text(folder + "/" + name));
  }

  @Test
  void name_utf8_isText() {
    assertFailure(
        ErrorKind.NOT_FOUND, Libc.ENOENT, "/caf\u00e9: no such file", failure("/caf\u00c3\u00a9"));
  }

  @Test
  void name_file_isPath() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    try (ByteSource source = FileSource.open(file.toString())) {
      assertEquals(file.toString(), source.name());
    }
  }

  @Test
  void read_fileWasShortened_bringsWhatIsLeft() throws IOException {
    Path file = Files.write(folder.resolve("file"), new byte[1000]);
    try (ByteSource source = FileSource.open(file.toString());
        Arena arena = Arena.ofConfined()) {
      assertEquals(1000, source.size());
      Files.write(file, new byte[10]);
      assertEquals(6, source.read(4, arena.allocate(100)));
    }
  }

  @Test
  void close_manyFiles_leavesNoDescriptor() throws IOException {
    Path file = Files.write(folder.resolve("file"), new byte[10]);
    for (int i = 0; i < 100; i++) {
      text(file.toString());
      failure(folder.toString());
    }
    assertEquals(0, descriptorsBelow(folder));
  }

  private static long descriptorsBelow(Path folder) throws IOException {
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return descriptors.filter(descriptor -> pointsBelow(descriptor, folder)).count();
    }
  }

  private static boolean pointsBelow(Path descriptor, Path folder) {
    try {
      return Files.readSymbolicLink(descriptor).startsWith(folder);
    } catch (IOException closedMeanwhile) {
      return false;
    }
  }
}
