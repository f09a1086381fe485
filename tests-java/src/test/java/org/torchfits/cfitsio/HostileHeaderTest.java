package org.torchfits.cfitsio;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.torchfits.header.FitsBytes.card;
import static org.torchfits.header.FitsBytes.extension;
import static org.torchfits.header.FitsBytes.primary;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.FitsBytes;

/**
 * Headers on which cfitsio 4.2 ends the process, or believes nonsense: here they are refused before
 * it sees them.
 */
@Timeout(20)
class HostileHeaderTest {
  @TempDir Path folder;

  private String write(FitsBytes fits) throws IOException {
    return Files.write(folder.resolve("a.fits"), fits.toBytes()).toString();
  }

  private static FitsException refused(String path) {
    return assertThrows(
        FitsException.class,
        () -> {
          try (FitsFile file = FitsFile.open(path)) {
            file.moveTo(1);
          }
        });
  }

  private static long[] ones(int axes) {
    return IntStream.range(0, axes).mapToLong(i -> 1).toArray();
  }

  /** A Rice-compressed image of 2 pixels in one tile, with one card replaced. */
  private static FitsBytes compressed(String keyword, String replacement) {
    String[] cards = {
      "XTENSION= 'BINTABLE'",
      card("BITPIX", 8),
      card("NAXIS", 2),
      card("NAXIS1", 8),
      card("NAXIS2", 1),
      card("PCOUNT", 4),
      card("GCOUNT", 1),
      card("TFIELDS", 1),
      "TTYPE1  = 'COMPRESSED_DATA'",
      "TFORM1  = '1PB(4)  '",
      card("ZIMAGE", "T"),
      "ZCMPTYPE= 'RICE_1  '",
      card("ZBITPIX", 16),
      card("ZNAXIS", 1),
      card("ZNAXIS1", 2),
      card("ZTILE1", 2),
      "ZNAME1  = 'BLOCKSIZE'",
      card("ZVAL1", 32),
      "ZNAME2  = 'BYTEPIX'",
      card("ZVAL2", 2),
    };
    String[] changed =
        Arrays.stream(cards)
            .map(c -> c.startsWith(keyword) ? replacement : c)
            .toArray(String[]::new);
    return new FitsBytes().header(primary(8)).header(changed).data(new byte[12]);
  }

  @Test
  void moveTo_soundCompressedHeader_isAccepted() throws IOException {
    try (FitsFile file = FitsFile.open(write(compressed("ZTILE1", card("ZTILE1", 2))))) {
      file.moveTo(1);
      assertTrue(file.isImage());
      assertTrue(file.isCompressed());
      assertEquals(16, file.bitpix());
      assertArrayEquals(new long[] {2}, file.shape());
      assertTrue(file.headerText().contains("XTENSION= 'BINTABLE'"));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 999})
  void open_moreAxesThanCfitsioHasRoomFor_isRefused(int axes) throws IOException {
    String path = write(new FitsBytes().header(primary(8, ones(axes))));
    assertEquals(ErrorKind.UNSUPPORTED, refused(path).kind());
  }

  @Test
  void moveTo_extensionWithMoreAxesThanCfitsioHasRoomFor_isRefused() throws IOException {
    FitsException failure =
        refused(write(new FitsBytes().header(primary(8)).header(extension(8, ones(999)))));
    assertEquals(ErrorKind.UNSUPPORTED, failure.kind());
    assertTrue(failure.toString().contains("a.fits[1]: "), failure::getMessage);
  }

  @Test
  void open_asManyAxesAsCfitsioHasRoomFor_isAccepted() throws IOException {
    try (FitsFile file =
        FitsFile.open(write(new FitsBytes().header(primary(8, ones(99))).data((byte) 1)))) {
      assertEquals(99, file.shape().length);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ZTILE1  =                    0",
        "ZTILE1  =                   -2",
        "ZTILE1  =                  0.5",
        "ZTILE1  = F",
        "ZTILE1  = '0'",
        "ZTILE1  = 0 / pixels",
        "ztile1  = 0",
        "HIERARCH ZTILE1 = 0",
        "ZNAXIS1 =                    0",
        "ZNAXIS1 =                   -1",
        "ZNAXIS  =                    0"
      })
  void moveTo_tilesWithoutPixels_areRefused(String card) throws IOException {
    String keyword =
        card.replace("HIERARCH ", "").substring(0, 7).strip().toUpperCase(java.util.Locale.ROOT);
    FitsException failure = refused(write(compressed(keyword, card)));
    assertEquals(ErrorKind.BAD_HEADER, failure.kind(), failure::getMessage);
    assertTrue(failure.toString().contains("a.fits[1]: " + keyword), failure::getMessage);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ZVAL1   = 0", "ZVAL1   = -32", "ZVAL1   = F"})
  void moveTo_riceBlocksWithoutPixels_areRefused(String card) throws IOException {
    assertEquals(ErrorKind.BAD_HEADER, refused(write(compressed("ZVAL1", card))).kind());
  }

  @ParameterizedTest
  @ValueSource(strings = {"ZBITPIX = 0", "ZBITPIX = 7", "ZBITPIX = -8", "ZBITPIX = '16'"})
  void moveTo_illegalZbitpix_isRefused(String card) throws IOException {
    assertEquals(ErrorKind.BAD_HEADER, refused(write(compressed("ZBITPIX", card))).kind());
  }

  @Test
  void open_cardsWithoutEnd_areRefusedInTime() throws IOException {
    byte[] blanks = new byte[80 << 20];
    Arrays.fill(blanks, (byte) ' ');
    byte[] start = "SIMPLE  =                    T".getBytes(ISO_8859_1);
    System.arraycopy(start, 0, blanks, 0, start.length);
    Path path = Files.write(folder.resolve("a.fits"), blanks);
    assertEquals(ErrorKind.BAD_HEADER, refused(path.toString()).kind());
  }
}
