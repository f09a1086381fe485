package org.torchfits.api;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.torchfits.header.FitsBytes.card;
import static org.torchfits.header.FitsBytes.extension;
import static org.torchfits.header.FitsBytes.primary;
import static org.torchfits.header.FitsBytes.table;
import static org.torchfits.header.FitsBytes.with;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.NativeBlocks;
import org.torchfits.dlpack.TensorView;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.FitsBytes;
import org.torchfits.header.HduSelector;
import org.torchfits.image.ImageRequest;
import org.torchfits.work.Task;

/** The calls that Python makes. */
class EntryPointsTest {
  private static final byte[] PIXELS = {1, 2, 3, 4, 5, 6};

  @TempDir Path folder;

  private String file = "";

  @BeforeEach
  void writeFile() throws IOException {
    file = folder.resolve("a.fits").toString();
    Files.write(Path.of(file), content().toBytes());
  }

  private static FitsBytes content() {
    return new FitsBytes()
        .header(primary(8))
        .header(with(extension(8, 3, 2), "EXTNAME = 'SCI'", card("EXTVER", 2)))
        .data(PIXELS)
        .header(with(table(4, 2, 0), "EXTNAME = 'ROWS'"))
        .data(new byte[8]);
  }

  /** The result of a read, which may have taken long. */
  private static long finish(long begun) {
    long result = begun;
    while (result == Task.RUNNING) {
      result = Tasks.help();
    }
    return result;
  }

  @Test
  void readImage_byName_isExactTensor() {
    ImageRequest request = Images.request(HduSelector.BY_NAME, "sci", 2, true, null, false);
    long address = finish(Images.readImage(file, null, request));
    TensorView image = TensorView.at(address, Abi.UNVERSIONED);
    assertEquals(ElementType.UINT8, image.type());
    assertArrayEquals(new long[] {2, 3}, image.shape());
    assertArrayEquals(PIXELS, image.elements().toArray(JAVA_BYTE));
    NativeBlocks.free(address);
  }

  @Test
  void readImage_sectionAsFloats_isThat() {
    ImageRequest request = Images.request(HduSelector.FIRST_IMAGE, null, 0, true, "FLOAT32", true);
    long address = finish(Images.readImage(file, "1,1:", request));
    TensorView image = TensorView.at(address, Abi.UNVERSIONED);
    assertArrayEquals(new float[] {5, 6}, image.elements().toArray(JAVA_FLOAT));
    NativeBlocks.free(address);
  }

  @Test
  void readCalibrated_numberAndTensor_areApplied() {
    try (DlpackTensor gains = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.FLOAT32, 2, 3)) {
      for (int i = 0; i < 6; i++) {
        gains.elements().setAtIndex(JAVA_FLOAT, i, i);
      }
      for (boolean general : new boolean[] {false, true}) {
        long address =
            finish(
                Images.readCalibrated(
                    file, 1, null, 0, null, true, "FLOAT32", general, 0.5, 0, 1, gains.address()));
        TensorView image = TensorView.at(address, Abi.UNVERSIONED);
        assertArrayEquals(
            new float[] {0, 1.5f, 5, 10.5f, 18, 27.5f}, image.elements().toArray(JAVA_FLOAT));
        NativeBlocks.free(address);
      }
    }
  }

  @Test
  void readCalibrated_otherShape_isMismatch() {
    try (DlpackTensor offsets = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.FLOAT32, 3, 2)) {
      long address = offsets.address();
      FitsException failure =
          assertThrows(
              FitsException.class,
              () ->
                  Images.readCalibrated(
                      file, 1, null, 0, null, true, "FLOAT32", false, 0, address, 1, 0));
      assertEquals(ErrorKind.MISMATCH, failure.kind());
      assertEquals(
          file + "[1]: offset is FLOAT32 [3, 2], the result has shape [2, 3]",
          failure.getMessage());
    }
  }

  @Test
  void readStored_range_isItsBytes() {
    assertEquals(
        "8\tUINT8\t1.0\t0.0\t\t2,3\t" + file + "[1]",
        Images.describeStored(file, 1, null, 0, null, true));
    try (DlpackTensor out = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, 4)) {
      assertEquals(Task.DONE, finish(Images.readStored(file, 1, null, 0, null, 2, out.address())));
      assertArrayEquals(new byte[] {3, 4, 5, 6}, out.elements().toArray(JAVA_BYTE));
    }
  }

  @Test
  void readBatch_newBlock_isStacked() {
    long address = finish(Batches.readBatch(file + "\0" + file, "1,0,", null, null, 0));
    TensorView batch = TensorView.at(address, Abi.UNVERSIONED);
    assertArrayEquals(new long[] {2, 2, 3}, batch.shape());
    assertArrayEquals(PIXELS, batch.elements().asSlice(6).toArray(JAVA_BYTE));
    NativeBlocks.free(address);
  }

  @Test
  void readBatch_tensorOfCaller_isFilled() {
    try (DlpackTensor out = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, 1, 2, 3)) {
      long result = Batches.readBatch(file, "1,0,", null, null, out.address());
      assertEquals(Task.DONE, finish(result));
      assertArrayEquals(PIXELS, out.elements().toArray(JAVA_BYTE));
    }
  }

  @Test
  void readBatch_lists_belongToItems() {
    long address = finish(Batches.readBatch(file, "1,0,\0001,0,\0001,0,", "0\0001\0000", null, 0));
    TensorView batch = TensorView.at(address, Abi.UNVERSIONED);
    assertArrayEquals(new long[] {3, 3}, batch.shape());
    byte[] expected = {PIXELS[0], PIXELS[1], PIXELS[2], PIXELS[3], PIXELS[4], PIXELS[5]};
    assertArrayEquals(expected, batch.elements().asSlice(0, 6).toArray(JAVA_BYTE));
    NativeBlocks.free(address);
  }

  @Test
  void readPadded_oneImage_isItAndItsShape() {
    long address = finish(Batches.readPadded(file, "1,0,", null, null, "NaN"));
    TensorView blocks = TensorView.at(address, Abi.UNVERSIONED);
    assertArrayEquals(new long[] {2}, blocks.shape());
    long batch = blocks.elements().getAtIndex(JAVA_LONG, 0);
    long shapes = blocks.elements().getAtIndex(JAVA_LONG, 1);
    assertArrayEquals(
        new long[] {2, 3}, TensorView.at(shapes, Abi.UNVERSIONED).elements().toArray(JAVA_LONG));
    assertArrayEquals(PIXELS, TensorView.at(batch, Abi.UNVERSIONED).elements().toArray(JAVA_BYTE));
    List.of(batch, shapes, address).forEach(NativeBlocks::free);
  }

  @Test
  void readEach_oneImage_isABlockOfItsOwn() {
    long address = finish(Batches.readEach(file, "1,0,", "1", null));
    long image = TensorView.at(address, Abi.UNVERSIONED).elements().get(JAVA_LONG, 0);
    assertArrayEquals(new long[] {3}, TensorView.at(image, Abi.UNVERSIONED).shape());
    List.of(image, address).forEach(NativeBlocks::free);
  }

  @Test
  void readCutouts_boxPartlyOutside_isFilled() {
    try (DlpackTensor boxes = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.INT64, 1, 2, 2)) {
      MemorySegment.copy(
          new long[] {1, 3, Long.MIN_VALUE, Long.MAX_VALUE}, 0, boxes.elements(), JAVA_LONG, 0, 4);
      long address = finish(Batches.readCutouts(file, 1, null, 0, boxes.address(), "9", null, 0));
      TensorView cutouts = TensorView.at(address, Abi.UNVERSIONED);
      assertArrayEquals(new long[] {1, 2, 3}, cutouts.shape());
      byte[] expected = {PIXELS[3], PIXELS[4], PIXELS[5], 9, 9, 9};
      assertArrayEquals(expected, cutouts.elements().toArray(JAVA_BYTE));
      NativeBlocks.free(address);
    }
  }

  @Test
  void describeImage_bytes_tellsWhereTheyStand() {
    assertEquals("1\tUINT8\t5760\t2,3", Images.describeImage(file, -2, null, 0));
    assertEquals("1\tUINT8\t5760\t2,3", Images.describeImage(file, -1, "sci", 0));
  }

  @Test
  void readHeader_extension_isItsCards() {
    String expected = new String(content().toBytes(), 2880, 10 * 80, ISO_8859_1);
    assertEquals(
        expected.substring(0, expected.indexOf("END" + " ".repeat(77)) + 80),
        Headers.readHeader(file, 1, null, 0));
  }

  @Test
  void listHdus_severalKinds_isALineEach() {
    assertEquals(
        List.of("IMAGE\t1\t8\t\t", "IMAGE\t2\t8\t2,3\tSCI", "BINARY_TABLE\t1\t8\t2,4\tROWS"),
        Objects.requireNonNull(Headers.listHdus(file)).lines().toList());
  }

  @Test
  void listHdus_damagedHeader_isTheLastLine() throws IOException {
    Files.write(Path.of(file), content().header(extension(9)).toBytes());
    assertEquals(
        "!" + file + "[3]: BITPIX = 9 is not one of 8, 16, 32, 64, -32, -64",
        Objects.requireNonNull(Headers.listHdus(file)).lines().toList().getLast());
  }

  @Test
  void listHdus_damagedFirstHeader_fails() throws IOException {
    Files.write(Path.of(file), new FitsBytes().header(primary(9)).toBytes());
    assertEquals(
        ErrorKind.BAD_HEADER,
        assertThrows(FitsException.class, () -> Headers.listHdus(file)).kind());
  }

  @Test
  void describe_any_namesEachPart() {
    assertEquals(
        List.of("java", "engine", "threads", "cfitsio", "wcslib"),
        About.describe().lines().map(line -> line.split("\t", 2)[0]).toList());
  }

  @Test
  void describe_java_isThisOne() {
    Stream<String> lines = About.describe().lines();
    assertEquals(
        "java\t" + Runtime.version() + " (" + System.getProperty("java.home") + ")",
        lines.findFirst().orElseThrow());
  }
}
