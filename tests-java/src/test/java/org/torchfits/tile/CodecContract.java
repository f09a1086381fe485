package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/** What every codec does: gives cfitsio's values, and survives any bytes. */
final class CodecContract {
  private static final int GUARD_BYTES = 64;
  private static final byte GUARD = 0x5A;

  private CodecContract() {}

  /** Values of a tile; nothing beside them is written. */
  static byte[] decode(TileCodec codec, MemorySegment compressed, int width, int pixels) {
    try (Arena arena = Arena.ofConfined()) {
      long bytes = (long) width * pixels;
      MemorySegment room = arena.allocate(bytes + 2 * GUARD_BYTES).fill(GUARD);
      codec.decode(compressed, room.asSlice(GUARD_BYTES, bytes), pixels);
      for (long at = 0; at < GUARD_BYTES; at++) {
        assertTrue(room.get(JAVA_BYTE, at) == GUARD);
        assertTrue(room.get(JAVA_BYTE, bytes + GUARD_BYTES + at) == GUARD);
      }
      return room.asSlice(GUARD_BYTES, bytes).toArray(JAVA_BYTE);
    }
  }

  static void assertDecodes(
      byte[] expected, TileCodec codec, MemorySegment compressed, int width, int pixels) {
    assertArrayEquals(expected, decode(codec, compressed, width, pixels));
  }

  /** A stream that lacks its last bytes is refused or gives some values. */
  static void assertSurvivesTruncation(
      TileCodec codec, MemorySegment compressed, int width, int pixels) {
    for (long length = 0; length < compressed.byteSize(); length++) {
      survives(codec, compressed.asSlice(0, length), width, pixels);
    }
  }

  /** Changed bytes, and a changed length: a {@link TileFormatException} or some values, soon. */
  static void assertSurvivesMutation(
      TileCodec codec, MemorySegment compressed, int width, int pixels, int times, long seed) {
    Random random = new Random(seed);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment room = arena.allocate(compressed.byteSize() + 16, 1);
      for (int i = 0; i < times; i++) {
        long length = mutate(compressed, room, random);
        survives(codec, room.asSlice(0, length), width, pixels);
      }
    }
  }

  private static long mutate(MemorySegment compressed, MemorySegment room, Random random) {
    long length = compressed.byteSize();
    room.fill((byte) random.nextInt()).copyFrom(compressed);
    int changes = 1 + random.nextInt(8);
    for (int change = 0; change < changes; change++) {
      // Every second one within the first bytes, where the headers are.
      long within = random.nextBoolean() ? Math.min(length, 32) : length;
      room.set(JAVA_BYTE, random.nextLong(within), (byte) random.nextInt());
    }
    return random.nextInt(4) == 0 ? random.nextLong(room.byteSize() + 1) : length;
  }

  private static void survives(TileCodec codec, MemorySegment bytes, int width, int pixels) {
    long start = System.nanoTime();
    try {
      decode(codec, bytes, width, pixels);
    } catch (TileFormatException expected) {
      assertNotEquals("", expected.getMessage());
    }
    assertTrue(System.nanoTime() - start < 1_000_000_000L, "longer than a second");
  }

  static void assertRefuses(TileCodec codec, MemorySegment bytes, int width, int pixels) {
    assertThrows(TileFormatException.class, () -> decode(codec, bytes, width, pixels));
  }
}
