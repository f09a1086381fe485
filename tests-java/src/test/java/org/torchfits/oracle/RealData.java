package org.torchfits.oracle;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** The folder of real FITS files: TORCHFITS_REAL_DATA, or shared/data beside the project. */
public final class RealData {
  private RealData() {}

  /** Skips the test that asks where there is none. */
  public static Path folder() {
    String given = System.getenv("TORCHFITS_REAL_DATA");
    Path folder = Path.of(given != null ? given : "../../shared/data");
    Assumptions.assumeTrue(
        Files.isDirectory(folder),
        () ->
            "no real FITS files at "
                + folder.toAbsolutePath().normalize()
                + "; set TORCHFITS_REAL_DATA");
    return folder;
  }

  /** The objects of a file that has one a line. */
  public static List<Json> lines(String name) throws IOException {
    return Files.readAllLines(folder().resolve(name)).stream().map(Json::parse).toList();
  }
}
