package org.torchfits.library;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

class NativeLibraryTest {
  private static final NativeLibrary NONE =
      new NativeLibrary(
          "testlib", List.of("libno-such.so.1", "libno-such.so"), "apt install no-such");
  private static final NativeLibrary MATH =
      new NativeLibrary("testlib", List.of("libno-such.so", "libm.so.6"), "apt install libc6");

  @TempDir Path folder;

  @AfterEach
  void clearProperties() {
    System.clearProperty("torchfits.testlib");
    System.clearProperty("torchfits.prefix");
  }

  private static String failure(NativeLibrary library) {
    FitsException failure = assertThrows(FitsException.class, library::load);
    assertEquals(ErrorKind.LIBRARY, failure.kind());
    return String.valueOf(failure.getMessage());
  }

  @Test
  void load_missing_saysTheSameEachTime() {
    String expected =
        "testlib is missing: no libno-such.so.1 or libno-such.so in the system's library folders."
            + " Install it with `apt install no-such`, or set torchfits.testlib to its path";
    assertEquals(expected, failure(NONE));
    assertEquals(expected, failure(NONE));
  }

  @Test
  void load_missingInPrefix_saysSo() {
    System.setProperty("torchfits.prefix", folder.toString());
    assertTrue(failure(NONE).contains("library folders or in " + folder + "/lib. Install"));
  }

  @Test
  void load_propertyNamesNoLibrary_triesNothingElse() {
    System.setProperty("torchfits.testlib", folder.toString());
    assertTrue(failure(MATH).startsWith("testlib cannot be loaded from " + folder + ", which"));
  }

  @Test
  void load_afterAFailure_canSucceed() {
    System.setProperty("torchfits.testlib", "/no/such/file");
    assertThrows(FitsException.class, MATH::load);
    System.clearProperty("torchfits.testlib");
    assertTrue(MATH.load().find("cos").isPresent());
  }

  @Test
  void load_inPrefix_isFoundThere() throws IOException {
    Path original = Path.of(NativeLibrary.fileOf(MATH.load().findOrThrow("cos")));
    Path copy = Files.createDirectory(folder.resolve("lib")).resolve("libonly-here.so");
    Files.copy(original, copy);
    System.setProperty("torchfits.prefix", folder.toString());
    NativeLibrary library = new NativeLibrary("testlib", List.of("libonly-here.so"), "");
    assertEquals(
        copy.toRealPath().toString(), NativeLibrary.fileOf(library.load().findOrThrow("cos")));
  }

  @Test
  void fileOf_addressOfNoFile_isRefused() {
    FitsException failure =
        assertThrows(FitsException.class, () -> NativeLibrary.fileOf(MemorySegment.ofAddress(8)));
    assertEquals(ErrorKind.LIBRARY, failure.kind());
  }

  @Test
  void handle_missingFunction_isToldAtTheCall() {
    SymbolLookup math = MATH.load();
    NativeFunction none = new NativeFunction(math, "no_such_function", FunctionDescriptor.ofVoid());
    FitsException failure = assertThrows(FitsException.class, none::handle);
    assertEquals(ErrorKind.LIBRARY, failure.kind());
    assertTrue(failure.toString().contains("no_such_function"));
  }

  @Test
  void handle_ofAFunction_calls() throws Throwable {
    FunctionDescriptor shape =
        FunctionDescriptor.of(ValueLayout.JAVA_DOUBLE, ValueLayout.JAVA_DOUBLE);
    NativeFunction cos = new NativeFunction(MATH.load(), "cos", shape);
    assertEquals(1.0, (double) cos.handle().invokeExact(0.0));
    assertSame(cos.handle(), cos.handle());
  }
}
