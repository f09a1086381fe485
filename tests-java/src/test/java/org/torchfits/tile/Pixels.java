package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import java.util.function.LongUnaryOperator;

/** Values to compress, in native memory of an arena. */
final class Pixels {
  private Pixels() {}

  /** A kind of image: what value is where, from a random generator of the test's. */
  record Kind(String name, Source source) {
    @Override
    public String toString() {
      return name;
    }
  }

  /** Gives the value of a pixel; the bits that a width has no room for are dropped. */
  interface Source {
    LongUnaryOperator from(Random random);
  }

  /** From no entropy at all to more than any codec codes. */
  static List<Kind> kinds() {
    return List.of(
        new Kind("zero", random -> i -> 0),
        new Kind("constant", random -> i -> -7),
        new Kind("ramp", random -> i -> 3 * i - 1000),
        new Kind("steps", random -> i -> i / 50 % 2 * 1_000_000),
        new Kind("noise of 1", random -> i -> Math.round(random.nextGaussian())),
        new Kind("noise of 20", random -> i -> Math.round(1000 + 20 * random.nextGaussian())),
        new Kind("noise of 3000", random -> i -> Math.round(3000 * random.nextGaussian())),
        new Kind("noise of 1e8", random -> i -> Math.round(1e8 * random.nextGaussian())),
        new Kind("rare peaks", random -> i -> random.nextInt(100) == 0 ? random.nextInt() : i & 1),
        new Kind("calm and storm", random -> i -> i / 40 % 3 == 0 ? random.nextInt() : i / 40 % 3),
        new Kind("extremes", random -> i -> random.nextBoolean() ? Long.MIN_VALUE : Long.MAX_VALUE),
        new Kind(
            "extremes of 32 bit",
            random -> i -> random.nextBoolean() ? Integer.MIN_VALUE : Integer.MAX_VALUE),
        new Kind("any bits", random -> i -> random.nextLong()));
  }

  /**
   * @param width bytes of a value: 1, 2, 4 or 8
   */
  static MemorySegment of(Kind kind, int width, int pixels, long seed, Arena arena) {
    LongUnaryOperator values = kind.source().from(new Random(seed));
    MemorySegment segment = arena.allocate((long) width * pixels, 8);
    for (int i = 0; i < pixels; i++) {
      put(segment, width, i, values.applyAsLong(i));
    }
    return segment;
  }

  static void put(MemorySegment segment, int width, long index, long value) {
    switch (width) {
      case 1 -> segment.set(JAVA_BYTE, index, (byte) value);
      case 2 -> segment.setAtIndex(JAVA_SHORT, index, (short) value);
      case 4 -> segment.setAtIndex(JAVA_INT, index, (int) value);
      default -> segment.setAtIndex(JAVA_LONG, index, value);
    }
  }
}
