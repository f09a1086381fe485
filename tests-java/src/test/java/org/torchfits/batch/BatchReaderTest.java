package org.torchfits.batch;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
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

class BatchReaderTest {
  @TempDir Path folder;

  private static ImageRequest request(@Nullable String section, boolean general) {
    return new ImageRequest(new HduSelector(0, null, 0), section, true, null, general);
  }

  /** An image of int16 that are all {@code value}; axes in FITS order. */
  private String image(String name, int value, long... axes) throws IOException {
    int pixels = (int) DlpackTensor.elementBytes(ElementType.UINT8, axes);
    ByteBuffer data = ByteBuffer.allocate(2 * pixels);
    for (int pixel = 0; pixel < pixels; pixel++) {
      data.putShort((short) value);
    }
    byte[] file = new FitsBytes().header(FitsBytes.primary(16, axes)).data(data.array()).toBytes();
    return Files.write(folder.resolve(name), file).toString();
  }

  private List<String> images(int count, long... axes) throws IOException {
    List<String> paths = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      paths.add(image(i + ".fits", 100 + i, axes));
    }
    return paths;
  }

  private static long finish(Task task) {
    return task.help(System.nanoTime() + 60_000_000_000L);
  }

  private static List<BatchItem> items(
      List<String> paths, @Nullable String section, boolean general) {
    return paths.stream().map(path -> new BatchItem(path, request(section, general))).toList();
  }

  private static void assertSlots(MemorySegment elements, int slots, int pixels, int first) {
    assertEquals(2L * slots * pixels, elements.byteSize());
    for (int i = 0; i < slots * pixels; i++) {
      assertEquals(first + i / pixels, elements.getAtIndex(JAVA_SHORT, i));
    }
  }

  private static FitsException failure(List<String> paths, @Nullable String section) {
    return assertThrows(
        FitsException.class,
        () -> finish(BatchReader.load(items(paths, section, false), Abi.UNVERSIONED)));
  }

  @ParameterizedTest
  @EnumSource
  void load_manyFiles_eachInItsSlot(Abi abi) throws IOException {
    long address = finish(BatchReader.load(items(images(50, 7, 5), null, false), abi));
    TensorView batch = TensorView.at(address, abi);
    assertEquals(ElementType.INT16, batch.type());
    assertArrayEquals(new long[] {50, 5, 7}, batch.shape());
    assertSlots(batch.elements(), 50, 35, 100);
    NativeBlocks.free(address, abi);
  }

  @ParameterizedTest
  @CsvSource({"false, ...", "true, ...", "false, '1:1200,2:1400'", "true, '1:1200,2:1400'"})
  void load_largeImages_eachInItsSlot(boolean general, String section) throws IOException {
    List<String> paths = images(3, 1500, 1300);
    long address = finish(BatchReader.load(items(paths, section, general), Abi.UNVERSIONED));
    TensorView batch = TensorView.at(address, Abi.UNVERSIONED);
    assertSlots(batch.elements(), 3, (int) (batch.shape()[1] * batch.shape()[2]), 100);
    NativeBlocks.free(address);
  }

  @Test
  void load_oneFileManyTimes_isThatOften() throws IOException {
    List<String> paths = Collections.nCopies(20, image("a.fits", 9, 3, 2));
    long address = finish(BatchReader.load(items(paths, "0,1:", false), Abi.UNVERSIONED));
    TensorView batch = TensorView.at(address, Abi.UNVERSIONED);
    assertArrayEquals(new long[] {20, 2}, batch.shape());
    assertEquals(9, batch.elements().getAtIndex(JAVA_SHORT, 39));
    NativeBlocks.free(address);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void load_noPixels_isEmptyTensor(boolean general) throws IOException {
    long address =
        finish(BatchReader.load(items(images(3, 7, 5), "2:2", general), Abi.UNVERSIONED));
    assertArrayEquals(new long[] {3, 0, 7}, TensorView.at(address, Abi.UNVERSIONED).shape());
    NativeBlocks.free(address);
  }

  @Test
  void loadInto_tensorOfCaller_isFilled() throws IOException {
    try (DlpackTensor out = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.INT16, 4, 5, 7)) {
      TensorView view = TensorView.at(out.address(), Abi.UNVERSIONED);
      Task task = BatchReader.loadInto(items(images(4, 7, 5), null, false), view);
      assertEquals(Task.DONE, finish(task));
      assertSlots(out.elements(), 4, 35, 100);
    }
  }

  @Test
  void loadInto_otherShapeOrType_isRefused() throws IOException {
    List<String> paths = images(4, 7, 5);
    try (DlpackTensor shape = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.INT16, 4, 7, 5);
        DlpackTensor type = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT16, 4, 5, 7)) {
      String batch = ", the batch is 4 x " + paths.getFirst() + "[0], INT16 [5, 7]";
      assertMismatch("out is INT16 [4, 7, 5]" + batch, intoFailure(paths, shape));
      assertMismatch("out is UINT16 [4, 5, 7]" + batch, intoFailure(paths, type));
    }
  }

  private static FitsException intoFailure(List<String> paths, DlpackTensor out) {
    TensorView view = TensorView.at(out.address(), Abi.UNVERSIONED);
    return assertThrows(
        FitsException.class, () -> BatchReader.loadInto(items(paths, null, false), view));
  }

  private static void assertMismatch(String message, FitsException failure) {
    assertEquals(ErrorKind.MISMATCH, failure.kind());
    assertEquals(message, failure.getMessage());
  }

  @Test
  void loadInto_failure_leavesTensorToCaller() throws IOException {
    List<String> paths = new ArrayList<>(images(2, 7, 5));
    paths.add(folder.resolve("missing.fits").toString());
    try (DlpackTensor out = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.INT16, 3, 5, 7)) {
      TensorView view = TensorView.at(out.address(), Abi.UNVERSIONED);
      Task task = BatchReader.loadInto(items(paths, null, false), view);
      assertEquals(
          ErrorKind.NOT_FOUND, assertThrows(FitsException.class, () -> finish(task)).kind());
      out.elements().set(JAVA_BYTE, 0, (byte) 5);
      assertEquals(5, out.elements().get(JAVA_BYTE, 0));
    }
  }

  @Test
  void load_otherShape_namesBothFiles() throws IOException {
    List<String> paths = new ArrayList<>(images(3, 7, 5));
    paths.add(image("other.fits", 1, 7, 6));
    assertMismatch(
        paths.getLast()
            + "[0], INT16 [6, 7] does not fit into the batch of "
            + paths.getFirst()
            + "[0], INT16 [5, 7]",
        failure(paths, null));
  }

  @Test
  void load_otherType_namesBothFiles() throws IOException {
    List<String> paths = new ArrayList<>(images(3, 7, 5));
    byte[] file =
        new FitsBytes().header(FitsBytes.primary(-32, 7, 5)).data(new byte[140]).toBytes();
    paths.add(Files.write(folder.resolve("other.fits"), file).toString());
    assertMismatch(
        paths.getLast()
            + "[0], FLOAT32 [5, 7] does not fit into the batch of "
            + paths.getFirst()
            + "[0], INT16 [5, 7]",
        failure(paths, null));
  }

  @Test
  void load_firstIsMissing_isNotFound() throws IOException {
    List<String> paths = new ArrayList<>(images(3, 7, 5));
    paths.addFirst(folder.resolve("missing.fits").toString());
    assertEquals(ErrorKind.NOT_FOUND, failure(paths, null).kind());
  }

  @Test
  void load_laterIsDamaged_namesIt() throws IOException {
    List<String> paths = new ArrayList<>(images(6, 20, 20));
    paths.add(Files.write(folder.resolve("bad.fits"), new byte[10]).toString());
    Task task = BatchReader.load(items(paths, null, false), Abi.UNVERSIONED);
    FitsException failure = assertThrows(FitsException.class, () -> finish(task));
    assertEquals(ErrorKind.NOT_FITS, failure.kind());
    assertTrue(String.valueOf(failure.getMessage()).startsWith(paths.getLast()));
  }

  @Test
  void load_batchBeyondMemory_isRefused() throws IOException {
    String path = sparseImage();
    FitsException failure = failure(Collections.nCopies(1 << 20, path), null);
    assertEquals(ErrorKind.OUT_OF_MEMORY, failure.kind());
  }

  /** An image of 2^40 bytes that takes no room on disk. */
  private String sparseImage() throws IOException {
    Path file = folder.resolve("sparse.fits");
    byte[] header = new FitsBytes().header(FitsBytes.primary(8, 1 << 20, 1 << 20)).toBytes();
    Files.write(file, header);
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(2880 + (1L << 40));
    }
    return file.toString();
  }
}
