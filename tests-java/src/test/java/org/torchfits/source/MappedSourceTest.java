package org.torchfits.source;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

class MappedSourceTest extends ByteSourceContract {
  @TempDir Path folder;

  @Override
  ByteSource open(byte[] bytes) throws IOException {
    Path file = Files.write(folder.resolve("content"), bytes);
    return MappedSource.open(file.toString());
  }

  private ErrorKind failure(String name) {
    String path = folder.resolve(name).toString();
    return assertThrows(FitsException.class, () -> MappedSource.open(path)).kind();
  }

  @Test
  void open_missing_isNotFound() {
    assertEquals(ErrorKind.NOT_FOUND, failure("missing"));
  }

  @Test
  void open_nameThatIsNoText_isThatFile() throws Exception {
    FileNames.write(folder, "caf\u00e9\u00ff.fits", "1234567");
    String path = folder.toString() + "/caf\u00e9\u00ff.fits";
    try (ByteSource source = MappedSource.open(path)) {
      assertEquals(7, source.size());
    }
  }

  @Test
  void read_fileWasShortened_isIoError() throws IOException {
    Path file = Files.write(folder.resolve("shrinking"), new byte[1 << 20]);
    try (ByteSource source = MappedSource.open(file.toString());
        Arena arena = Arena.ofConfined()) {
      try (RandomAccessFile other = new RandomAccessFile(file.toFile(), "rw")) {
        other.setLength(0);
      }
      MemorySegment into = arena.allocate(4096);
      FitsException failure = assertThrows(FitsException.class, () -> source.read(512 << 10, into));
      assertEquals(ErrorKind.IO, failure.kind());
    }
  }

  @Test
  void close_thenRead_isRefused() throws IOException {
    ByteSource source = open("0123456789".getBytes(ISO_8859_1));
    source.close();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment into = arena.allocate(4);
      assertThrows(IllegalStateException.class, () -> source.read(0, into));
    }
  }
}
