package org.torchfits.image;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.torchfits.header.FitsBytes.primary;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.FitsBytes;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduReader;
import org.torchfits.header.HduSelector;
import org.torchfits.source.ByteSource;
import org.torchfits.source.MemorySource;

/** Images that come from no file: nothing above a byte source asks for one. */
class DirectImageTest {
  private static DirectImage open(ByteSource source, String section) {
    HduReader reader = new HduReader(source);
    Hdu hdu = reader.find(new HduSelector(HduSelector.FIRST_IMAGE, null, 0));
    Section wanted = Section.parse(section, hdu.shape(), source.name());
    PixelRuns runs = new PixelRuns(PixelLayout.of(hdu), wanted);
    return new DirectImage(reader, hdu, wanted, StoredFormat.exact(hdu, true), runs);
  }

  /** An image of int16 that count up from 0. */
  private static MemorySource counting(int rows, int columns) {
    ByteBuffer data = ByteBuffer.allocate(2 * rows * columns);
    for (int pixel = 0; pixel < rows * columns; pixel++) {
      data.putShort((short) pixel);
    }
    return MemorySource.of(
        new FitsBytes().header(primary(16, columns, rows)).data(data.array()).toBytes());
  }

  private static short[] read(DirectImage image, long... cuts) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(image.bytes(), 8);
      long from = 0;
      for (long cut : cuts) {
        image.read(from, cut - from, target);
        from = cut;
      }
      image.read(from, image.elements() - from, target);
      return target.toArray(JAVA_SHORT);
    }
  }

  private static short[] expected(int columns, int top, int left, int height, int width) {
    short[] pixels = new short[height * width];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (short) ((top + i / width) * columns + left + i % width);
    }
    return pixels;
  }

  /** The first is in memory with its header, the second is not. */
  @ParameterizedTest
  @CsvSource({"10, 20", "300, 200", "1, 40000"})
  void read_wholeImage_isAllPixels(int rows, int columns) {
    try (DirectImage image = open(counting(rows, columns), "...")) {
      assertArrayEquals(new long[] {rows, columns}, image.shape());
      assertArrayEquals(expected(columns, 0, 0, rows, columns), read(image));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "10, 20, 2, 3, 4, 5",
    "10, 20, 2, 0, 4, 20",
    "300, 200, 7, 50, 250, 100",
    "300, 200, 100, 0, 150, 200",
    "300, 200, 299, 199, 1, 1"
  })
  void read_section_isItsPixels(int rows, int columns, int top, int left, int height, int width) {
    String section = "%d:%d,%d:%d".formatted(top, top + height, left, left + width);
    try (DirectImage image = open(counting(rows, columns), section)) {
      assertArrayEquals(expected(columns, top, left, height, width), read(image));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"...", "3:290,17:180", "250:,:", "5", "::3,::7", "::-1,::-2", ":,::199", "::150"})
  void read_inPieces_isTheSame(String section) {
    MemorySource source = counting(300, 200);
    try (DirectImage image = open(source, section);
        DirectImage again = open(source, section)) {
      long elements = image.elements();
      long[] cuts = new Random(1).longs(9, 0, elements + 1).sorted().toArray();
      assertArrayEquals(read(image), read(again, cuts));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"3:3", "9:2", "3:3,:", ":,4:4", "1:1,2:2"})
  void read_sectionWithoutPixels_isNothing(String section) {
    try (DirectImage image = open(counting(10, 20), section)) {
      assertEquals(0, read(image).length);
    }
  }

  /**
   * What is near together is read at once, what stands apart by itself, the start with the header.
   */
  @ParameterizedTest
  @CsvSource({
    "'10:20,30:40', 300, 200, 0",
    "'110:120,30:40', 300, 200, 1",
    "'::2,::5', 300, 200, 1",
    "'::-2,::-5', 300, 200, 1",
    "'...', 300, 2000, 5",
    "':,::50', 300, 2000, 5",
    "'10:20,30:40', 300, 20000, 10",
    "'10:20,::5', 300, 20000, 2",
    "'10,::5000', 300, 20000, 4"
  })
  void fetch_section_takesFewReads(String section, int rows, int columns, int reads) {
    MemorySource source = counting(rows, columns);
    try (DirectImage image = open(source, section)) {
      int before = source.reads();
      read(image);
      assertEquals(reads, source.reads() - before);
    }
  }

  @Test
  void read_bytesAsTheyAre_goStraight() {
    byte[] pixels = new byte[100_000];
    new Random(1).nextBytes(pixels);
    byte[] file = new FitsBytes().header(primary(8, 1000, 100)).data(pixels).toBytes();
    try (DirectImage image = open(MemorySource.of(file), "10:60,5:905");
        Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(image.bytes());
      image.read(0, image.elements(), target);
      for (int row = 0; row < 50; row++) {
        assertEquals(
            MemorySegment.ofArray(pixels)
                .asSlice((row + 10) * 1000L + 5, 900)
                .mismatch(target.asSlice(row * 900L, 900)),
            -1);
      }
    }
  }

  @Test
  void read_beyondTwoGigabytes_findsItsPixels() {
    byte[] header = new FitsBytes().header(primary(-32, 100_000, 100_000)).toBytes();
    long offset = 2880 + 4 * (99_999L * 100_000 + 99_998);
    MemorySource source =
        MemorySource.sparse(2880 + 40_000_000_000L)
            .put(0, header)
            .put(offset, ByteBuffer.allocate(8).putFloat(1.5f).putFloat(-2.5f).array());
    try (DirectImage image = open(source, "99999,99997:");
        Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(image.bytes(), 4);
      image.read(0, 3, target);
      assertArrayEquals(new float[] {0, 1.5f, -2.5f}, target.toArray(JAVA_FLOAT));
    }
  }

  @Test
  void read_targetTooSmall_isRefusedWithoutHarm() {
    try (DirectImage image = open(counting(300, 200), "...");
        Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(image.bytes() - 1);
      assertThrows(IndexOutOfBoundsException.class, () -> image.read(0, image.elements(), target));
    }
  }

  @Test
  void read_sourceLostItsEnd_isTruncated() {
    MemorySource whole = counting(300, 200);
    byte[] start = new byte[50_000];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(start.length);
      whole.read(0, bytes);
      MemorySegment.copy(bytes, JAVA_BYTE, 0, start, 0, start.length);
      try (DirectImage image = open(MemorySource.of(start), "...")) {
        MemorySegment target = arena.allocate(image.bytes(), 2);
        FitsException failure =
            assertThrows(FitsException.class, () -> image.read(0, image.elements(), target));
        assertEquals(ErrorKind.TRUNCATED, failure.kind());
        assertEquals(
            "memory.fits[0]: the file became shorter while it was read", failure.getMessage());
      }
    }
  }

  @Test
  void close_image_closesSourceOnce() {
    MemorySource source = counting(2, 2);
    open(source, "...").close();
    assertEquals(1, source.closings());
  }

  @Test
  void isParallel_direct_isTrue() {
    try (DirectImage image = open(counting(2, 2), "...")) {
      assertTrue(image.isParallel());
      assertEquals("memory.fits[0]", image.place());
    }
  }
}
