package org.torchfits.wcslib;

import static java.lang.foreign.MemorySegment.NULL;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.FitsException;
import org.torchfits.library.NativeLibrary;

/** The wcslib of this process: loaded at the first call that needs it, and at no other time. */
public final class Wcslib {
  /** Longer than any version; the text ends with a 0 before that. */
  private static final int VERSION_BYTES = 64;

  private static final NativeLibrary LIBRARY =
      new NativeLibrary(
          "wcslib",
          List.of("libwcs.so.8", "libwcs.so.7", "libwcs.so"),
          "apt install wcslib-dev` or `conda install -c conda-forge wcslib");

  private static volatile @Nullable WcslibBindings loaded;

  private Wcslib() {}

  /**
   * For example {@code "7.12"}.
   *
   * @throws FitsException of kind LIBRARY if wcslib is missing or unusable
   */
  public static String version() {
    return bindings().wcslibVersion(NULL).reinterpret(VERSION_BYTES).getString(0, ISO_8859_1);
  }

  /**
   * The file that was loaded.
   *
   * @throws FitsException of kind LIBRARY if wcslib is missing or unusable
   */
  public static String path() {
    return NativeLibrary.fileOf(bindings().anyFunction());
  }

  static WcslibBindings bindings() {
    WcslibBindings known = loaded;
    return known != null ? known : load();
  }

  private static synchronized WcslibBindings load() {
    WcslibBindings known = loaded;
    if (known == null) {
      known = new WcslibBindings(LIBRARY.load());
      loaded = known;
    }
    return known;
  }
}
