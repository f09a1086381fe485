package org.torchfits.image;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.torchfits.header.FitsBytes.card;
import static org.torchfits.header.FitsBytes.extension;
import static org.torchfits.header.FitsBytes.primary;
import static org.torchfits.header.FitsBytes.table;
import static org.torchfits.header.FitsBytes.with;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.FitsBytes;
import org.torchfits.header.HduSelector;

class ImageReaderTest {
  @TempDir Path folder;

  private Path file = Path.of("");

  @BeforeEach
  void nameFile() {
    file = folder.resolve("image.fits");
  }

  /** Failures too give back what they opened. */
  @AfterEach
  void requireNoOpenFile() throws IOException {
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      assertEquals(0, descriptors.filter(this::pointsToFile).count());
    }
  }

  private boolean pointsToFile(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).equals(file);
    } catch (IOException closedMeanwhile) {
      return false;
    }
  }

  private static ImageRequest request(int hdu, @Nullable String section, boolean general) {
    return new ImageRequest(new HduSelector(hdu, null, 0), section, true, null, general);
  }

  private void assertFailure(ErrorKind kind, String message, int hdu, FitsBytes content)
      throws IOException {
    Files.write(file, content.toBytes());
    for (boolean general : new boolean[] {false, true}) {
      FitsException failure =
          assertThrows(
              FitsException.class,
              () -> ImageReader.open(file.toString(), request(hdu, null, general)).close());
      assertEquals(file + message, failure.getMessage());
      assertEquals(kind, failure.kind());
    }
  }

  @Test
  void open_firstImage_isFound() throws IOException {
    Files.write(
        file,
        new FitsBytes()
            .header(primary(8))
            .header(extension(16, 3, 2))
            .data(new byte[12])
            .toBytes());
    try (OpenImage image =
        ImageReader.open(file.toString(), request(HduSelector.FIRST_IMAGE, null, false))) {
      assertArrayEquals(new long[] {2, 3}, image.shape());
      assertEquals(file + "[1]", image.place());
      assertEquals(12, image.bytes());
    }
  }

  @Test
  void open_noAxes_isWrongKind() throws IOException {
    assertFailure(
        ErrorKind.WRONG_HDU_KIND,
        "[0]: the HDU has no data (NAXIS = 0)",
        0,
        new FitsBytes().header(primary(8)));
  }

  @Test
  void open_table_isWrongKind() throws IOException {
    assertFailure(
        ErrorKind.WRONG_HDU_KIND,
        "[1]: the HDU is a table, not an image",
        1,
        new FitsBytes().header(primary(8)).header(table(8, 1, 0)).data(new byte[8]));
  }

  @Test
  void open_unknownExtension_isWrongKind() throws IOException {
    String[] cards = extension(8, 4);
    cards[0] = "XTENSION= 'FOREIGN '";
    assertFailure(
        ErrorKind.WRONG_HDU_KIND,
        "[1]: the HDU is an extension of a type that is not an image",
        1,
        new FitsBytes().header(primary(8)).header(cards).data(new byte[4]));
  }

  private static byte[] randomGroups() {
    return new FitsBytes()
        .header(
            with(primary(8, 0, 2, 1), card("GROUPS", "T"), card("PCOUNT", 3), card("GCOUNT", 2)))
        .data(new byte[] {1, 2, 3, 40, 50, 4, 5, 6, 60, 70})
        .toBytes();
  }

  private static byte[] elements(OpenImage image) {
    try (image;
        Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(Math.max(1, image.bytes()));
      for (long piece = 0; piece < image.pieces(); piece++) {
        image.readPiece(piece, target);
      }
      return target.asSlice(0, image.bytes()).toArray(JAVA_BYTE);
    }
  }

  @Test
  void open_randomGroups_areTheArraysOfAllGroups() throws IOException {
    Files.write(file, randomGroups());
    HduSelector first = new HduSelector(HduSelector.FIRST_IMAGE, null, 0);
    OpenImage arrays =
        ImageReader.open(file.toString(), new ImageRequest(first, null, true, null, false));
    assertArrayEquals(new long[] {2, 1, 2}, arrays.shape());
    assertArrayEquals(new byte[] {40, 50, 60, 70}, elements(arrays));
    OpenImage parameters = ImageReader.openParameters(file.toString(), first);
    assertArrayEquals(new long[] {2, 3}, parameters.shape());
    assertArrayEquals(new byte[] {1, 2, 3, 4, 5, 6}, elements(parameters));
  }

  @Test
  void open_randomGroupsByCfitsio_isUnsupported() throws IOException {
    Files.write(file, randomGroups());
    FitsException failure =
        assertThrows(
            FitsException.class, () -> ImageReader.open(file.toString(), request(0, null, true)));
    assertEquals(ErrorKind.UNSUPPORTED, failure.kind());
    assertEquals(
        file + "[0]: cfitsio takes random groups for an empty image", failure.getMessage());
  }

  @Test
  void open_noSuchHdu_isNotFound() throws IOException {
    assertFailure(
        ErrorKind.HDU_NOT_FOUND,
        ": no HDU 3 (the file has 1 HDUs)",
        3,
        new FitsBytes().header(primary(8, 1)).data(new byte[1]));
  }

  @Test
  void open_dataCutShort_isTruncated() throws IOException {
    assertFailure(
        ErrorKind.TRUNCATED,
        "[0]: the header describes 2000 bytes of data from byte 2880, the file ends at byte 4879",
        0,
        new FitsBytes().header(primary(16, 1000)).append(new byte[1999]));
  }

  @Test
  void open_sizeThatFileDoesNotHave_isTruncatedBeforeAllocation() throws IOException {
    assertFailure(
        ErrorKind.TRUNCATED,
        "[0]: the header describes 400000000000000 bytes of data from byte 2880, the file ends at"
            + " byte 5760",
        0,
        new FitsBytes().header(primary(-32, 10_000_000, 10_000_000)).data(new byte[5]));
  }

  @Test
  void open_scalingIsNoNumber_isBadHeader() throws IOException {
    assertFailure(
        ErrorKind.BAD_HEADER,
        "[0]: BSCALE or BZERO is not a number; only stored values can be read",
        0,
        new FitsBytes().header(with(primary(8, 1), "BSCALE  = 'x'")).data(new byte[1]));
  }

  @Test
  void open_emptyAxisBesideHugeOnes_isBadHeader() throws IOException {
    assertFailure(
        ErrorKind.BAD_HEADER,
        "[0]: axes [0, 4611686018427387904, 8] describe more bytes than memory can hold",
        0,
        new FitsBytes().header(primary(8, 0, 1L << 62, 8)));
  }

  @Test
  void open_compressedImageOfHugeAxes_isBadHeader() throws IOException {
    assertFailure(
        ErrorKind.BAD_HEADER,
        "[1]: axes [4611686018427387904, 8] describe more bytes than memory can hold",
        1,
        new FitsBytes()
            .header(primary(8))
            .header(
                with(
                    table(8, 1, 0),
                    card("ZIMAGE", "T"),
                    card("ZBITPIX", 8),
                    card("ZNAXIS", 2),
                    card("ZNAXIS1", 1L << 62),
                    card("ZNAXIS2", 8)))
            .data(new byte[8]));
  }

  @Test
  void open_partBeforeTheCut_isRead() throws IOException {
    Files.write(file, new FitsBytes().header(primary(8, 100, 100)).append(new byte[555]).toBytes());
    try (OpenImage image = ImageReader.open(file.toString(), request(0, "0:5", false))) {
      assertEquals(500, image.elements());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void open_badSection_isRefused(boolean general) throws IOException {
    GeneratedFile.write(file, 16, new long[] {4, 3});
    FitsException failure =
        assertThrows(
            FitsException.class,
            () -> ImageReader.open(file.toString(), request(0, "3", general)).close());
    assertEquals(ErrorKind.BAD_SECTION, failure.kind());
    assertEquals(
        file + "[0]: section [3]: index 3 is outside axis 0 of length 3", failure.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"missing.fits, NOT_FOUND", "'', NOT_A_FILE"})
  void open_noFile_isRefused(String name, ErrorKind kind) {
    String path = folder.resolve(name).toString();
    for (boolean general : new boolean[] {false, true}) {
      FitsException failure =
          assertThrows(
              FitsException.class, () -> ImageReader.open(path, request(0, null, general)).close());
      assertEquals(kind, failure.kind());
    }
  }
}
