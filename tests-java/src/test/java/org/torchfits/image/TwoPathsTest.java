package org.torchfits.image;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.dlpack.ElementType;
import org.torchfits.header.HduSelector;

/** The engine's own path against cfitsio's, byte by byte. */
class TwoPathsTest {
  private static final long[] AXES = {37, 11, 3};

  /** Those that hold all values. */
  private static final @Nullable ElementType[] DTYPES = {
    null, ElementType.FLOAT16, ElementType.BFLOAT16, ElementType.FLOAT32, ElementType.FLOAT64
  };

  @TempDir Path folder;

  /** What is asked of an image, but for the path. */
  record Case(
      int bitpix,
      List<String> scaling,
      @Nullable String section,
      boolean scaled,
      @Nullable ElementType dtype) {}

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (int bitpix : new int[] {8, 16, 32, 64, -32, -64}) {
      for (String[] scaling : GeneratedFile.scalings(bitpix)) {
        for (ElementType dtype : DTYPES) {
          for (boolean scaled : new boolean[] {true, false}) {
            cases.add(new Case(bitpix, List.of(scaling), null, scaled, dtype));
          }
          cases.add(new Case(bitpix, List.of(scaling), "1:3,2:9,5:30", true, dtype));
        }
      }
    }
    return cases;
  }

  private static byte[] read(Path file, Case wanted, boolean general) {
    HduSelector first = new HduSelector(HduSelector.FIRST_IMAGE, null, 0);
    ImageRequest request =
        new ImageRequest(first, wanted.section(), wanted.scaled(), wanted.dtype(), general);
    try (OpenImage image = ImageReader.open(file.toString(), request);
        Arena arena = Arena.ofConfined()) {
      assertEquals(!general, image instanceof DirectImage);
      MemorySegment target = arena.allocate(image.bytes(), 64);
      for (long piece = 0; piece < image.pieces(); piece++) {
        image.readPiece(piece, target);
      }
      Nans.unify(image.type(), target);
      return target.toArray(JAVA_BYTE);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void read_generatedImage_isWhatCfitsioReads(Case wanted) throws IOException {
    Path file =
        GeneratedFile.write(
            folder.resolve("image.fits"),
            wanted.bitpix(),
            AXES,
            wanted.scaling().toArray(String[]::new));
    assertArrayEquals(read(file, wanted, true), read(file, wanted, false));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "...",
        "2",
        "-1,5",
        "0,0,0",
        ":,3:8",
        "1:2,:,36",
        "2:2",
        "...,9:3",
        "::2,1::3,::5",
        "...,::-1",
        "::-1,::-1,::-1",
        "3..1:2,2,30..3:4",
        "1,::-4",
        "...,0:37:36"
      })
  void read_sections_areWhatCfitsioReads(String section) throws IOException {
    Path file = GeneratedFile.write(folder.resolve("image.fits"), 16, AXES);
    Case wanted = new Case(16, List.of(), section, true, null);
    assertArrayEquals(read(file, wanted, true), read(file, wanted, false));
  }

  /** Larger than the scratch and than what is read with the header. */
  @ParameterizedTest
  @ValueSource(ints = {8, 16, -32, 64})
  void read_largeImage_isWhatCfitsioReads(int bitpix) throws IOException {
    Path file = GeneratedFile.write(folder.resolve("image.fits"), bitpix, new long[] {700, 601});
    Case wanted = new Case(bitpix, List.of(), null, true, null);
    assertArrayEquals(read(file, wanted, true), read(file, wanted, false));
  }

  @Test
  void shape_bothPaths_isInCOrder() throws IOException {
    Path file = GeneratedFile.write(folder.resolve("image.fits"), 16, AXES);
    for (boolean general : new boolean[] {false, true}) {
      ImageRequest request =
          new ImageRequest(new HduSelector(0, null, 0), "1:,3,:", true, null, general);
      try (OpenImage image = ImageReader.open(file.toString(), request)) {
        assertEquals("[2, 37]", Arrays.toString(image.shape()));
        assertEquals(ElementType.INT16, image.type());
        assertEquals(file + "[0]", image.place());
        assertEquals(!general, image.isParallel());
      }
    }
  }
}
