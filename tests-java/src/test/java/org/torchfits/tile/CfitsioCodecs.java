package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.List;
import org.torchfits.library.NativeLibrary;

/**
 * The codecs of cfitsio, which exports them without declaring them in its header: what the engine's
 * own are held against. Segments are native; those that cfitsio reads must hold valid data.
 */
final class CfitsioCodecs {
  private static final SymbolLookup CFITSIO =
      new NativeLibrary("cfitsio", List.of("libcfitsio.so.10", "libcfitsio.so"), "").load();

  private static final MethodHandle[] RCOMP = {
    rice("fits_rcomp_byte"), rice("fits_rcomp_short"), rice("fits_rcomp")
  };
  private static final MethodHandle[] RDECOMP = {
    riceBack("fits_rdecomp_byte"), riceBack("fits_rdecomp_short"), riceBack("fits_rdecomp")
  };
  private static final MethodHandle P2LI =
      function("pl_p2li", ADDRESS, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle L2PI =
      function("pl_l2pi", ADDRESS, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle HCOMPRESS = hcompress("fits_hcompress");
  private static final MethodHandle HCOMPRESS64 = hcompress("fits_hcompress64");
  private static final MethodHandle HDECOMPRESS = hcompressBack("fits_hdecompress");
  private static final MethodHandle HDECOMPRESS64 = hcompressBack("fits_hdecompress64");

  private CfitsioCodecs() {}

  /** The first values of cfitsio's table of random numbers. */
  static float[] randomNumbers(int count) {
    invoke(function("fits_init_randoms"));
    MemorySegment pointer = CFITSIO.find("fits_rand_value").orElseThrow().reinterpret(8);
    MemorySegment values = pointer.get(ADDRESS, 0).reinterpret(4L * count);
    return values.toArray(JAVA_FLOAT);
  }

  /** Compressed bytes of values of 1, 2 or 4 bytes, in memory of the arena. */
  static MemorySegment rice(MemorySegment values, int width, int blockSize, Arena arena) {
    int pixels = (int) (values.byteSize() / width);
    MemorySegment room = arena.allocate(64 + 8L * values.byteSize() + pixels);
    int length = invoke(RCOMP[width / 2], values, pixels, room, (int) room.byteSize(), blockSize);
    return exact(room, length, arena);
  }

  static void riceBack(MemorySegment compressed, MemorySegment target, int width, int blockSize) {
    int pixels = (int) (target.byteSize() / width);
    int length = (int) compressed.byteSize();
    assertEquals(0, invoke(RDECOMP[width / 2], compressed, length, target, pixels, blockSize));
  }

  /** A line list of big-endian words, as a file has it. */
  static MemorySegment plio(MemorySegment values, Arena arena) {
    int pixels = (int) (values.byteSize() / 4);
    MemorySegment room = arena.allocate(64 + 12L * pixels, 8);
    int words = invoke(P2LI, values, 1, room, pixels);
    MemorySegment list = exact(room, 2L * words, arena);
    swapWords(list);
    return list;
  }

  static void plioBack(MemorySegment compressed, MemorySegment target) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment list = arena.allocate(compressed.byteSize(), 8).copyFrom(compressed);
      swapWords(list);
      invoke(L2PI, list, 1, target, (int) (target.byteSize() / 4));
    }
  }

  private static void swapWords(MemorySegment words) {
    for (long at = 0; at < words.byteSize(); at += 2) {
      byte upper = words.get(JAVA_BYTE, at);
      words.set(JAVA_BYTE, at, words.get(JAVA_BYTE, at + 1));
      words.set(JAVA_BYTE, at + 1, upper);
    }
  }

  /**
   * @param width of the values that cfitsio takes, which it changes: 4 or 8 bytes
   * @param columns length of the axis that varies fastest
   */
  static MemorySegment hcompress(
      MemorySegment values, int width, int columns, int rows, int scale, Arena arena) {
    MemorySegment room = arena.allocate(1024 + 4 * values.byteSize());
    MemorySegment length = arena.allocateFrom(JAVA_LONG, room.byteSize());
    MemorySegment status = arena.allocate(JAVA_INT);
    MethodHandle function = width == 4 ? HCOMPRESS : HCOMPRESS64;
    assertEquals(0, invoke(function, values, columns, rows, scale, room, length, status));
    return exact(room, length.get(JAVA_LONG, 0), arena);
  }

  /** Values of 4 bytes at the start of {@code target}, which has room for values of the width. */
  static void hcompressBack(
      MemorySegment compressed, boolean smooth, MemorySegment target, int width) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(16, 8);
      MethodHandle function = width == 4 ? HDECOMPRESS : HDECOMPRESS64;
      assertEquals(
          0,
          invoke(
              function,
              compressed,
              smooth ? 1 : 0,
              target,
              out,
              out.asSlice(4),
              out.asSlice(8),
              out.asSlice(12)));
    }
  }

  /** A copy whose segment ends where the data end. */
  private static MemorySegment exact(MemorySegment room, long length, Arena arena) {
    return arena.allocate(length, 1).copyFrom(room.asSlice(0, length));
  }

  private static MethodHandle rice(String name) {
    return function(name, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
  }

  private static MethodHandle riceBack(String name) {
    return function(name, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT);
  }

  private static MethodHandle hcompress(String name) {
    return function(name, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, ADDRESS);
  }

  private static MethodHandle hcompressBack(String name) {
    return function(name, ADDRESS, JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS);
  }

  private static MethodHandle function(String name, MemoryLayout... arguments) {
    return Linker.nativeLinker()
        .downcallHandle(
            CFITSIO.find(name).orElseThrow(), FunctionDescriptor.of(JAVA_INT, arguments));
  }

  private static int invoke(MethodHandle function, Object... arguments) {
    try {
      return (int) function.invokeWithArguments(arguments);
    } catch (Throwable thrown) {
      throw new AssertionError(thrown);
    }
  }
}
