package org.torchfits.library;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/**
 * A shared library of the system: where it is sought, and what a person must do when it is missing.
 *
 * <p>The system property {@code torchfits.<name>} gives the path of its file, and then nothing else
 * is tried. Otherwise the file names are sought where the system's loader looks, and then in the
 * folder {@code lib} of the system property {@code torchfits.prefix} (a conda or pixi environment).
 *
 * @param name of the library and of its property
 * @param fileNames in order of preference
 * @param install what to type to install it
 */
public record NativeLibrary(String name, List<String> fileNames, String install) {
  private static final Path MAPPED_FILES = Path.of("/proc/self/maps");

  /**
   * Loads the library for the rest of the process. A failure is not remembered: each call seeks
   * anew, and fails with the same words for the same reason.
   *
   * @throws FitsException of kind LIBRARY if there is none
   */
  public SymbolLookup load() {
    String file = System.getProperty(property());
    return candidates(file)
        .map(NativeLibrary::open)
        .flatMap(Optional::stream)
        .findFirst()
        .orElseThrow(() -> missing(file));
  }

  private Stream<String> candidates(@Nullable String file) {
    return file != null ? Stream.of(file) : Stream.concat(fileNames.stream(), inPrefix());
  }

  private Stream<String> inPrefix() {
    String prefix = prefix();
    return prefix == null
        ? Stream.empty()
        : fileNames.stream().map(fileName -> prefix + "/lib/" + fileName);
  }

  private static Optional<SymbolLookup> open(String file) {
    try {
      return Optional.of(SymbolLookup.libraryLookup(file, Arena.global()));
    } catch (IllegalArgumentException notLoadable) {
      return Optional.empty();
    }
  }

  private FitsException missing(@Nullable String file) {
    String sought = file != null ? notLoadable(file) : notFound();
    return new FitsException(
        ErrorKind.LIBRARY,
        name
            + sought
            + ". Install it with `"
            + install
            + "`, or set "
            + property()
            + " to its path");
  }

  private String notLoadable(String file) {
    return " cannot be loaded from "
        + file
        + ", which the system property "
        + property()
        + " names";
  }

  private String notFound() {
    String prefix = prefix();
    return " is missing: no "
        + String.join(" or ", fileNames)
        + " in the system's library folders"
        + (prefix == null ? "" : " or in " + prefix + "/lib");
  }

  private String property() {
    return "torchfits." + name;
  }

  private static @Nullable String prefix() {
    return System.getProperty("torchfits.prefix");
  }

  /**
   * Path of the file from which a symbol was loaded.
   *
   * @throws FitsException of kind LIBRARY if the system does not tell
   */
  public static String fileOf(MemorySegment symbol) {
    try (Stream<String> mappings = Files.lines(MAPPED_FILES)) {
      return mappings
          .filter(mapping -> covers(mapping, symbol.address()))
          .map(NativeLibrary::mappedFile)
          .findFirst()
          .orElseThrow(() -> new FitsException(ErrorKind.LIBRARY, "a symbol of no mapped file"));
    } catch (IOException failure) {
      throw new FitsException(ErrorKind.LIBRARY, MAPPED_FILES + " cannot be read: " + failure);
    }
  }

  /** A line is {@code start-end permissions offset device inode path}, addresses in hexadecimal. */
  private static boolean covers(String mapping, long address) {
    int dash = mapping.indexOf('-');
    long start = Long.parseUnsignedLong(mapping, 0, dash, 16);
    long end = Long.parseUnsignedLong(mapping, dash + 1, mapping.indexOf(' '), 16);
    return Long.compareUnsigned(start, address) <= 0 && Long.compareUnsigned(address, end) < 0;
  }

  private static String mappedFile(String mapping) {
    return mapping.substring(mapping.indexOf('/'));
  }
}
