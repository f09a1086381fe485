package org.torchfits.image;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduKind;
import org.torchfits.header.HduReader;
import org.torchfits.header.HduSelector;
import org.torchfits.oracle.Json;
import org.torchfits.oracle.RealData;
import org.torchfits.source.FileSource;

/** HDU lists of real files against astropy's; images that cfitsio opens too against its pixels. */
class RealImagesTest {
  @TestFactory
  List<DynamicTest> files_allThatAstropyOpens_areReadAlike() throws IOException {
    Path folder = RealData.folder();
    return RealData.lines("EXPECT.jsonl").stream()
        .filter(RealImagesTest::isFits)
        .map(file -> DynamicTest.dynamicTest(name(file), () -> compare(folder, file)))
        .toList();
  }

  private static String name(Json file) {
    return file.get("file").asString();
  }

  private static boolean isFits(Json file) {
    String name = name(file);
    return file.get("astropy").get("open").asString().equals("ok")
        && !name.endsWith(".gz")
        && !name.endsWith(".bz2");
  }

  private static void compare(Path folder, Json expected) {
    String path = new String(folder.resolve(name(expected)).toString().getBytes(UTF_8), ISO_8859_1);
    List<Json> listed = expected.get("astropy").get("hdus").list();
    int cfitsioFinds = expected.get("fitsio").get("hdus").list().size();
    List<Hdu> hdus = hdus(path);
    assertEquals(listed.size(), hdus.size());
    for (Hdu hdu : hdus) {
      compareKind(listed.get(hdu.index()).get("type").asString(), hdu);
      if (hdu.kind() == HduKind.IMAGE && hdu.hasImage() && hdu.index() < cfitsioFinds) {
        comparePaths(path, hdu);
      }
    }
  }

  private static List<Hdu> hdus(String path) {
    List<Hdu> hdus = new ArrayList<>();
    try (HduReader reader = new HduReader(FileSource.open(path))) {
      for (Hdu hdu = reader.next(); hdu != null; hdu = reader.next()) {
        hdus.add(hdu);
      }
    }
    return hdus;
  }

  private static void compareKind(String astropy, Hdu hdu) {
    assertEquals(astropy.equals("CompImageHDU"), hdu.kind() == HduKind.COMPRESSED_IMAGE);
    assertEquals(astropy.equals("BinTableHDU"), hdu.kind() == HduKind.BINARY_TABLE);
    assertEquals(astropy.equals("TableHDU"), hdu.kind() == HduKind.ASCII_TABLE);
    // astropy calls a header groups that has no axis to tell them by.
    boolean groups = astropy.equals("GroupsHDU") && hdu.axes().length > 0;
    assertEquals(groups, hdu.kind() == HduKind.RANDOM_GROUPS);
  }

  private static void comparePaths(String path, Hdu hdu) {
    for (boolean scaled : new boolean[] {true, false}) {
      byte[] general = read(path, hdu, scaled, true);
      assertArrayEquals(
          general, read(path, hdu, scaled, false), () -> "HDU " + hdu.index() + " " + scaled);
    }
  }

  private static byte[] read(String path, Hdu hdu, boolean scaled, boolean general) {
    ImageRequest request =
        new ImageRequest(new HduSelector(hdu.index(), null, 0), null, scaled, null, general);
    try (OpenImage image = ImageReader.open(path, request);
        Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(image.bytes(), 64);
      for (long piece = 0; piece < image.pieces(); piece++) {
        image.readPiece(piece, target);
      }
      Nans.unify(image.type(), target);
      return target.toArray(JAVA_BYTE);
    }
  }
}
