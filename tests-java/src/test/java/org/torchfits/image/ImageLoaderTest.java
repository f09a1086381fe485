package org.torchfits.image;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.NativeBlocks;
import org.torchfits.dlpack.TensorView;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.FitsBytes;
import org.torchfits.header.HduSelector;
import org.torchfits.work.Task;

class ImageLoaderTest {
  @TempDir Path folder;

  private static ImageRequest request(@Nullable String section, boolean general) {
    return new ImageRequest(new HduSelector(0, null, 0), section, true, null, general);
  }

  /** Type, shape and bytes of what a task gives; the block is freed. */
  private record Loaded(ElementType type, String shape, byte[] bytes) {
    static Loaded of(Task task, Abi abi) {
      long address = task.help(System.nanoTime() + 60_000_000_000L);
      TensorView view = TensorView.at(address, abi);
      Loaded loaded =
          new Loaded(
              view.type(), Arrays.toString(view.shape()), view.elements().toArray(JAVA_BYTE));
      NativeBlocks.free(address, abi);
      return loaded;
    }
  }

  @ParameterizedTest
  @EnumSource
  void load_image_isTensor(Abi abi) throws IOException {
    byte[] pixels = {1, 2, 3, 4, 5, 6};
    Path file =
        Files.write(
            folder.resolve("a.fits"),
            new FitsBytes().header(FitsBytes.primary(8, 3, 2)).data(pixels).toBytes());
    Loaded loaded = Loaded.of(ImageLoader.load(file.toString(), request(null, false), abi), abi);
    assertEquals(ElementType.UINT8, loaded.type());
    assertEquals("[2, 3]", loaded.shape());
    assertArrayEquals(pixels, loaded.bytes());
  }

  /**
   * Large enough to be shared by threads, one byte of stored values to one element and to eight.
   */
  @ParameterizedTest
  @CsvSource({"8, ...", "16, ...", "-32, ...", "64, ...", "16, '3:1499,11:1900'"})
  void load_largeImage_isWhatCfitsioReads(int bitpix, String section) throws IOException {
    Path file = GeneratedFile.write(folder.resolve("a.fits"), bitpix, new long[] {2003, 1501});
    Task direct = ImageLoader.load(file.toString(), request(section, false), Abi.UNVERSIONED);
    Task general = ImageLoader.load(file.toString(), request(section, true), Abi.UNVERSIONED);
    assertArrayEquals(
        Loaded.of(general, Abi.UNVERSIONED).bytes(), Loaded.of(direct, Abi.UNVERSIONED).bytes());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void load_noPixels_isEmptyTensor(boolean general) throws IOException {
    Path file = GeneratedFile.write(folder.resolve("a.fits"), 16, new long[] {20, 10});
    Task task = ImageLoader.load(file.toString(), request("4:4,3:", general), Abi.UNVERSIONED);
    Loaded loaded = Loaded.of(task, Abi.UNVERSIONED);
    assertEquals("[0, 17]", loaded.shape());
    assertEquals(0, loaded.bytes().length);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void load_axisOfNoLength_isEmptyTensor(boolean general) throws IOException {
    Path file = GeneratedFile.write(folder.resolve("a.fits"), 16, new long[] {20, 0});
    Task task = ImageLoader.load(file.toString(), request(null, general), Abi.UNVERSIONED);
    assertEquals("[0, 20]", Loaded.of(task, Abi.UNVERSIONED).shape());
  }

  /**
   * What no codec makes of the file's bytes is refused; beyond that only memory bounds an image.
   */
  @Test
  void load_compressedImageThatClaimsMuch_isRefused() throws IOException {
    for (boolean general : new boolean[] {false, true}) {
      assertEquals(ErrorKind.BAD_HEADER, failure(1 << 14, (1 << 13) + 1, 0, general).kind());
      assertEquals(ErrorKind.BAD_HEADER, failure(1L << 44, 1, 1L << 28, general).kind());
    }
    assertEquals(ErrorKind.BAD_DATA, failure(1 << 14, 1 << 13, 0, false).kind());
    assertEquals(ErrorKind.BAD_DATA, failure(1 << 15, 1 << 15, 1 << 16, false).kind());
    assertEquals(ErrorKind.OUT_OF_MEMORY, failure(1L << 22, 1L << 22, 1L << 30, true).kind());
  }

  /** One tile has as many pixels as an int can count. */
  @Test
  void load_tileOfTooManyPixels_isBadHeader() throws IOException {
    assertEquals(ErrorKind.BAD_HEADER, failure(1 << 16, 1 << 15, 1 << 20, false).kind());
  }

  /**
   * @param more bytes behind the file's own, which take no space
   */
  private FitsException failure(long columns, long rows, long more, boolean general)
      throws IOException {
    Path file = Files.write(folder.resolve("a.fits"), compressed(columns, rows).toBytes());
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.setLength(open.length() + more);
    }
    ImageRequest request = new ImageRequest(new HduSelector(1, null, 0), null, true, null, general);
    FitsException failure =
        assertThrows(
            FitsException.class,
            () ->
                Loaded.of(
                    ImageLoader.load(file.toString(), request, Abi.UNVERSIONED), Abi.UNVERSIONED));
    assertTrue(String.valueOf(failure.getMessage()).startsWith(file + "[1]"));
    return failure;
  }

  private static FitsBytes compressed(long columns, long rows) {
    String[] table = FitsBytes.table(8, 1, 0);
    table[table.length - 1] = FitsBytes.card("TFIELDS", 1);
    return new FitsBytes()
        .header(FitsBytes.primary(8))
        .header(
            FitsBytes.with(
                table,
                "TTYPE1  = 'COMPRESSED_DATA'",
                "TFORM1  = '1PB(0)'",
                FitsBytes.card("ZIMAGE", "T"),
                "ZCMPTYPE= 'GZIP_1'",
                FitsBytes.card("ZBITPIX", -64),
                FitsBytes.card("ZNAXIS", 2),
                FitsBytes.card("ZNAXIS1", columns),
                FitsBytes.card("ZNAXIS2", rows),
                FitsBytes.card("ZTILE1", columns),
                FitsBytes.card("ZTILE2", rows)))
        .data(new byte[8]);
  }
}
