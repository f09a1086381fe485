package org.torchfits.image;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.dlpack.ElementType;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduReader;
import org.torchfits.header.HduSelector;
import org.torchfits.source.MemorySource;

/** Images whose tiles are put together here: nothing but the grid is at stake. */
class TiledImageTest {
  private static TiledImage open(byte[] file, String section, boolean floating) {
    HduReader reader = new HduReader(MemorySource.of(file));
    Hdu hdu = reader.find(new HduSelector(HduSelector.FIRST_IMAGE, null, 0));
    StoredFormat format = StoredFormat.of(hdu, true, floating ? ElementType.FLOAT32 : null);
    Section box = Section.parse(section, hdu.shape(), "memory.fits[1]");
    return new TiledImage(reader, hdu, box, format);
  }

  private static void assertPixels(byte[] file, long[] axes, String section) {
    try (TiledImage image = open(file, section, false);
        TiledImage floats = open(file, section, true);
        Arena arena = Arena.ofConfined()) {
      int[] expected = expected(axes, Section.parse(section, axes, ""));
      MemorySegment target = arena.allocate(image.bytes(), 8);
      readAll(image, target);
      assertArrayEquals(expected, target.toArray(JAVA_INT));
      readAll(floats, target);
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], target.getAtIndex(JAVA_FLOAT, i));
      }
    }
  }

  private static void readAll(OpenImage image, MemorySegment target) {
    for (long piece = image.pieces() - 1; piece >= 0; piece--) {
      image.readPiece(piece, target);
    }
  }

  private static int[] expected(long[] axes, Section section) {
    int[] pixels = new int[(int) section.pixels()];
    for (int i = 0; i < pixels.length; i++) {
      long rest = i;
      long pixel = 0;
      long stride = 1;
      for (int axis = axes.length - 1; axis >= 0; axis--) {
        long step = section.step()[axis];
        pixel += (section.start()[axis] + rest % section.count()[axis] * step) * stride;
        rest /= section.count()[axis];
        stride *= axes[axis];
      }
      pixels[i] = (int) pixel;
    }
    return pixels;
  }

  @Test
  void readPiece_anyGridAndSection_isItsPixels() {
    Random random = new Random(20);
    for (int round = 0; round < 150; round++) {
      long[] axes = random.longs(1 + random.nextInt(4), 1, 12).toArray();
      long[] tile = random.longs(axes.length, 1, 12).toArray();
      byte[] file = new TiledBytes(axes, tile).file(random.nextBoolean());
      assertPixels(file, axes, "...");
      for (int i = 0; i < 8; i++) {
        assertPixels(file, axes, section(random, axes));
      }
    }
  }

  private static String section(Random random, long[] axes) {
    StringBuilder section = new StringBuilder();
    for (long length : axes) {
      long from = random.nextLong(length);
      long to = from + 1 + random.nextLong(length - from);
      String item =
          switch (random.nextInt(6)) {
            case 0 -> Long.toString(from);
            case 1 -> "::" + (1 + random.nextLong(length));
            case 2 -> to - 1 + ":" + (from == 0 ? "" : from - 1) + ":-" + (1 + random.nextInt(3));
            case 3 -> from + ":" + to + ":" + (1 + random.nextInt(4));
            default -> from + ":" + to;
          };
      section.append(section.isEmpty() ? "" : ",").append(item);
    }
    return section.toString();
  }

  @ParameterizedTest
  @CsvSource({"2000, 1", "2000, 700", "1, 2000", "50, 50"})
  void readPiece_manyTiles_areAllThere(long rows, long columns) {
    long[] axes = {2000, 700};
    byte[] file = new TiledBytes(axes, new long[] {rows, columns}).file(false);
    assertPixels(file, axes, "...");
    assertPixels(file, axes, "3:1990,5:690");
  }

  @ParameterizedTest
  @ValueSource(strings = {"::700,::-1", "::-1,::99", "::-1,::-1", "3::7,650:2:-300", "::1999"})
  void readPiece_steps_areTheirPixels(String section) {
    long[] axes = {2000, 700};
    assertPixels(new TiledBytes(axes, new long[] {40, 30}).file(false), axes, section);
    assertPixels(new TiledBytes(axes, new long[] {1, 700}).file(false), axes, section);
  }

  @ParameterizedTest
  @ValueSource(strings = {"3:3", ":,4:4", "1:1,2:2"})
  void pieces_sectionWithoutPixels_areNone(String section) {
    byte[] file = new TiledBytes(new long[] {10, 20}, new long[] {3, 20}).file(true);
    try (TiledImage image = open(file, section, false)) {
      assertEquals(0, image.pieces());
      assertTrue(image.isParallel());
    }
  }

  @Test
  void readPiece_damagedTile_isNamed() {
    byte[] file = new TiledBytes(new long[] {10, 20}, new long[] {5, 20}).file(true);
    int heap = file.length - 2880 + 16;
    file[heap] ^= 1;
    try (TiledImage image = open(file, "...", false);
        TiledImage other = open(file, "5:", false);
        Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(image.bytes(), 8);
      FitsException failure = assertThrows(FitsException.class, () -> image.readPiece(0, target));
      assertEquals(ErrorKind.BAD_DATA, failure.kind());
      assertEquals(
          "memory.fits[1]: tile 0: its bytes do not begin as a gzip member does",
          failure.getMessage());
      other.readPiece(0, target);
      assertEquals(100, target.get(JAVA_INT, 0));
    }
  }

  @Test
  void close_image_closesSourceOnce() {
    MemorySource source =
        MemorySource.of(new TiledBytes(new long[] {2, 2}, new long[] {1, 2}).file(true));
    HduReader reader = new HduReader(source);
    Hdu hdu = reader.find(new HduSelector(1, null, 0));
    new TiledImage(reader, hdu, Section.whole(hdu.shape()), StoredFormat.exact(hdu, true)).close();
    assertEquals(1, source.closings());
  }
}
