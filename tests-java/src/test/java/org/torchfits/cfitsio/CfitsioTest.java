package org.torchfits.cfitsio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class CfitsioTest {
  @Test
  void version_isThreeNumbersOfALibraryThatIsNotAncient() {
    String version = Cfitsio.version();
    assertTrue(version.matches("[3-9]\\.\\d+\\.\\d+"), version);
  }

  @Test
  void path_isTheFileOfTheLibrary() {
    Path path = Path.of(Cfitsio.path());
    assertTrue(path.getFileName().toString().startsWith("libcfitsio.so"), path::toString);
    assertTrue(Files.isRegularFile(path));
  }

  @Test
  void bindings_askedTwice_areTheSame() {
    assertEquals(Cfitsio.bindings(), Cfitsio.bindings());
  }
}
