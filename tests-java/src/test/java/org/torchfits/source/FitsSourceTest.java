package org.torchfits.source;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

@Timeout(120)
class FitsSourceTest {
  @TempDir Path folder;
  private int files;

  private String write(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("file" + files++), bytes).toString();
  }

  private ByteSource open(byte[] bytes) throws IOException {
    return new PatientSource(FitsSource.open(write(bytes)));
  }

  private byte[] readAll(byte[] bytes) throws IOException {
    try (ByteSource source = open(bytes)) {
      return read(source, 0, source.size());
    }
  }

  private static byte[] read(ByteSource source, long offset, long count) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment into = arena.allocate(Math.max(1, count)).asSlice(0, count);
      return into.asSlice(0, source.read(offset, into)).toArray(JAVA_BYTE);
    }
  }

  private FitsException failure(byte[] bytes) {
    return assertThrows(FitsException.class, () -> readAll(bytes));
  }

  @Test
  void identity_compressedFileThatIsReadTwice_isThatOfTheFile() throws IOException {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
      gzip.write(content(100_000));
    }
    String path = write(compressed.toByteArray());
    try (FitsSource first = FitsSource.open(path);
        FitsSource second = FitsSource.open(path)) {
      for (FitsSource source : List.of(first, second)) {
        read(new PatientSource(source), 0, 1000);
        assertTrue(source.isCompressed());
        assertEquals(FileIdentity.ofPath(path), source.identity());
      }
    }
  }

  /** Half of it can be compressed. */
  private static byte[] content(int size) {
    byte[] content = new byte[size];
    new Random(1).nextBytes(content);
    for (int i = 0; i < size; i += 2) {
      content[i] = (byte) (i >> 12);
    }
    return content;
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  abstract class Decoded extends ByteSourceContract {
    private final Compressor compressor;

    Decoded(Compressor compressor) {
      this.compressor = compressor;
    }

    @Override
    ByteSource open(byte[] bytes) throws IOException {
      return FitsSourceTest.this.open(compressor.compress(bytes));
    }
  }

  @Nested
  class Plain extends ByteSourceContract {
    @Override
    ByteSource open(byte[] bytes) throws IOException {
      return FitsSourceTest.this.open(bytes);
    }
  }

  @Nested
  class Gzip extends Decoded {
    Gzip() {
      super(Compressor.GZIP);
    }
  }

  @Nested
  class Zip extends Decoded {
    Zip() {
      super(Compressor.ZIP);
    }
  }

  @Nested
  class Bzip2 extends Decoded {
    Bzip2() {
      super(Compressor.BZIP2);
    }
  }

  @Nested
  class Xz extends Decoded {
    Xz() {
      super(Compressor.XZ);
    }
  }

  @Nested
  class Zstd extends Decoded {
    Zstd() {
      super(Compressor.ZSTD);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"GZIP", "BZIP2", "XZ", "ZSTD"})
  void read_severalStreams_followEachOther(Compressor compressor) throws IOException {
    byte[] content = content(200_000);
    byte[] file =
        joined(
            compressor.compress(Arrays.copyOf(content, 70_001)),
            compressor.compress(new byte[0]),
            compressor.compress(Arrays.copyOfRange(content, 70_001, 200_000)));
    assertArrayEquals(content, readAll(file));
  }

  @ParameterizedTest
  @EnumSource
  void read_truncated_isTruncatedOrTheStart(Compressor compressor) throws IOException {
    byte[] content = content(40_000);
    byte[] whole = compressor.compress(content);
    for (int length = Compression.MAGIC_BYTES; length < whole.length; length += 97) {
      FitsException failure = failure(Arrays.copyOf(whole, length));
      assertEquals(ErrorKind.TRUNCATED, failure.kind(), failure.getMessage());
      assertTrue(
          String.valueOf(failure.getMessage()).matches(".*file\\d+: cannot .* beyond byte \\d+.*"));
    }
  }

  /** Wherever a bit is wrong, the content is right or there is an error. */
  @ParameterizedTest
  @EnumSource
  void read_bitWrong_isNeverOtherContent(Compressor compressor) throws IOException {
    byte[] content = content(20_000);
    byte[] whole = compressor.compress(content);
    Random random = new Random(7);
    int errors = 0;
    for (int i = 0; i < 400; i++) {
      byte[] wrong = whole.clone();
      int at = Compression.MAGIC_BYTES + random.nextInt(whole.length - Compression.MAGIC_BYTES);
      wrong[at] ^= (byte) (1 << random.nextInt(8));
      try {
        assertArrayEquals(content, readAll(wrong), "byte " + at);
      } catch (FitsException corrupt) {
        errors++;
      }
    }
    assertTrue(errors > 300, errors + " errors");
  }

  @ParameterizedTest
  @EnumSource
  void read_noise_isError(Compressor compressor) throws IOException {
    byte[] whole = compressor.compress(content(1000));
    for (int seed = 0; seed < 100; seed++) {
      byte[] noise = new byte[5000];
      new Random(seed).nextBytes(noise);
      System.arraycopy(whole, 0, noise, 0, Compression.MAGIC_BYTES + seed % 12);
      failure(noise);
    }
  }

  @Test
  void read_compressByLzw_isDecoded() throws IOException {
    // Of 9 bits each: a literal, the code of it and its successor, and so on.
    byte[] file = {0x1f, (byte) 0x9d, (byte) 0x90, 65, 2, 10, 8, 0};
    byte[] content = readAll(file);
    assertTrue(new String(content, ISO_8859_1).startsWith("AAA"), () -> Arrays.toString(content));
  }

  /** The header byte may claim any width of codes, and tables for them. */
  @Test
  void read_compressOfWideCodes_isCorrupt() {
    byte[] file = {0x1f, (byte) 0x9d, (byte) 0x9f, 65, 2, 10, 8, 0};
    assertEquals(ErrorKind.BAD_DATA, failure(file).kind());
  }

  @Test
  void read_gzipWithAllHeaderFields_isDecoded() throws IOException {
    byte[] content = content(1000);
    byte[] plain = Compressor.GZIP.compress(content);
    byte[] header = {0x1f, (byte) 0x8b, 8, 31, 0, 0, 0, 0, 0, 3, 2, 0, 9, 9, 'n', 0, 'c', 0, 1, 2};
    assertArrayEquals(
        content, readAll(joined(header, Arrays.copyOfRange(plain, 10, plain.length))));
  }

  @Test
  void read_gzipWithPadding_isDecoded() throws IOException {
    byte[] content = content(1000);
    byte[] file = joined(Compressor.GZIP.compress(content), new byte[300_000]);
    assertArrayEquals(content, readAll(file));
  }

  @Test
  void read_gzipBeforeOtherBytes_isCorruptNearThemAlone() throws IOException {
    byte[] content = content(400_000);
    byte[] file = joined(Compressor.GZIP.compress(content), "other bytes".getBytes(ISO_8859_1));
    assertEquals(ErrorKind.BAD_DATA, failure(file).kind());
    try (ByteSource source = open(file)) {
      assertThrows(FitsException.class, () -> source.reaches(400_000));
      assertArrayEquals(Arrays.copyOf(content, 300_000), read(source, 0, 300_000));
      assertTrue(source.reaches(300_000));
    }
  }

  @Test
  void reaches_truncated_holdsForWhatIsThere() throws IOException {
    byte[] content = content(400_000);
    byte[] whole = Compressor.GZIP.compress(content);
    try (ByteSource source = open(Arrays.copyOf(whole, whole.length / 2))) {
      assertThrows(FitsException.class, () -> source.reaches(399_999));
      assertTrue(source.reaches(100_000));
      assertArrayEquals(Arrays.copyOf(content, 100_000), read(source, 0, 100_000));
      assertThrows(FitsException.class, () -> read(source, 399_000, 10));
    }
  }

  @ParameterizedTest
  @EnumSource
  void reaches_beyondEnd_isFalse(Compressor compressor) throws IOException {
    try (ByteSource source = open(compressor.compress(content(1000)))) {
      assertTrue(source.reaches(1000));
      assertFalse(source.reaches(1001));
      assertFalse(source.reaches(Long.MAX_VALUE));
    }
  }

  /** As many bytes as are asked for, and not all that there are. */
  @ParameterizedTest
  @EnumSource
  void read_startOfBomb_decodesTheStart(Compressor compressor) throws IOException {
    byte[] bomb = compressor.compress(new byte[100 << 20]);
    assertTrue(bomb.length < 1 << 20);
    String path = write(bomb);
    try (FileSource file = FileSource.open(path)) {
      DecodedFile decoded =
          new DecodedFile(FileSource.open(path), Compression.valueOf(compressor.name()), 80L << 20);
      assertTrue(decoded.reaches(100_000, System.nanoTime() + 60_000_000_000L));
      assertTrue(decoded.bytes() < 1 << 20);
      decoded.close();
      assertEquals(bomb.length, file.size());
    }
  }

  private static byte[] zip(int method, String... names) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (String name : names) {
        byte[] content = (name.endsWith(".fits") ? "SIMPLE  = of " : "other").getBytes(ISO_8859_1);
        byte[] whole = joined(content, name.getBytes(ISO_8859_1));
        ZipEntry entry = new ZipEntry(name);
        entry.setMethod(method);
        entry.setSize(whole.length);
        java.util.zip.CRC32 crc = new java.util.zip.CRC32();
        crc.update(whole);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(whole);
        zip.closeEntry();
      }
    }
    return bytes.toByteArray();
  }

  @ParameterizedTest
  @CsvSource({"0", "8"})
  void read_zipOfSeveral_isFirstThatIsFits(int method) throws IOException {
    byte[] file = zip(method, "a.txt", "b.fits", "c.fits");
    assertEquals("SIMPLE  = of b.fits", new String(readAll(file), ISO_8859_1));
  }

  @Test
  void read_zipOfOne_isThatOne() throws IOException {
    assertEquals("othera.txt", new String(readAll(zip(8, "a.txt")), ISO_8859_1));
  }

  @Test
  void read_zipWithoutFits_namesMembers() throws IOException {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      names.add("m" + i + ".txt");
    }
    FitsException failure = failure(zip(8, names.toArray(String[]::new)));
    assertEquals(ErrorKind.NOT_FITS, failure.kind());
    assertTrue(String.valueOf(failure.getMessage()).endsWith("m6.txt, m7.txt and 2 more"));
  }

  @Test
  void read_emptyZip_isNotFits() throws IOException {
    assertEquals(ErrorKind.NOT_FITS, failure(zip(8)).kind());
  }

  @Test
  void read_encryptedZip_isUnsupported() throws IOException {
    byte[] file = zip(8, "a.fits");
    file[directory(file) + 8] |= 1;
    assertEquals(ErrorKind.UNSUPPORTED, failure(file).kind());
  }

  @Test
  void read_zipOfOtherMethod_isUnsupported() throws IOException {
    byte[] file = zip(8, "a.fits");
    file[directory(file) + 10] = 12;
    assertEquals(ErrorKind.UNSUPPORTED, failure(file).kind());
  }

  @Test
  void read_zipDirectoryBeyondAllBounds_isCorruptOrTruncated() throws IOException {
    byte[] file = zip(8, "a.fits");
    for (int value : new int[] {-1, -2, Integer.MAX_VALUE, 1 << 20}) {
      byte[] wrong = file.clone();
      ByteBuffer.wrap(wrong).order(ByteOrder.LITTLE_ENDIAN).putInt(file.length - 10, value);
      failure(wrong);
      wrong = file.clone();
      ByteBuffer.wrap(wrong).order(ByteOrder.LITTLE_ENDIAN).putInt(file.length - 6, value);
      failure(wrong);
    }
  }

  private static int directory(byte[] zip) {
    return ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN).getInt(zip.length - 6);
  }

  @Test
  void descriptorPath_compressed_isContent() throws IOException {
    byte[] content = content(100_000);
    try (FitsSource source = FitsSource.open(write(Compressor.GZIP.compress(content)))) {
      String path = PatientSource.patiently(source::descriptorPath);
      assertArrayEquals(content, Files.readAllBytes(Path.of(path)));
    }
  }

  @Test
  void descriptorPath_plain_isFile() throws IOException {
    byte[] content = content(1000);
    try (FitsSource source = FitsSource.open(write(content))) {
      assertArrayEquals(content, Files.readAllBytes(Path.of(source.descriptorPath())));
    }
  }
}
