package org.torchfits.cfitsio;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.library.NativeLibrary;

/** The cfitsio of this process: loaded at the first call that needs it, and at no other time. */
public final class Cfitsio {
  private static final NativeLibrary LIBRARY =
      new NativeLibrary(
          "cfitsio",
          List.of("libcfitsio.so.10", "libcfitsio.so.9", "libcfitsio.so"),
          "apt install libcfitsio-dev` or `conda install -c conda-forge cfitsio");

  private static volatile @Nullable CfitsioBindings loaded;

  private Cfitsio() {}

  /**
   * For example {@code "4.2.0"}.
   *
   * @throws FitsException of kind LIBRARY if cfitsio is missing or unusable
   */
  public static String version() {
    try (Arena arena = Arena.ofConfined()) {
      int version = Math.round(bindings().ffvers(arena.allocate(JAVA_FLOAT)) * 10_000);
      return version / 10_000 + "." + version / 100 % 100 + "." + version % 100;
    }
  }

  /**
   * The file that was loaded.
   *
   * @throws FitsException of kind LIBRARY if cfitsio is missing or unusable
   */
  public static String path() {
    return NativeLibrary.fileOf(bindings().anyFunction());
  }

  static CfitsioBindings bindings() {
    CfitsioBindings known = loaded;
    return known != null ? known : load();
  }

  private static synchronized CfitsioBindings load() {
    CfitsioBindings known = loaded;
    if (known == null) {
      known = new CfitsioBindings(LIBRARY.load());
      requireReentrant(known);
      loaded = known;
    }
    return known;
  }

  /** Files are read by several threads at once, which a library without locks does not survive. */
  private static void requireReentrant(CfitsioBindings cfitsio) {
    if (cfitsio.fitsIsReentrant() == 0) {
      throw new FitsException(
          ErrorKind.LIBRARY,
          NativeLibrary.fileOf(cfitsio.anyFunction())
              + " was built without --enable-reentrant; torchfits needs a cfitsio that threads can share");
    }
  }
}
