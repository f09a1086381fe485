package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.IntConsumer;

/**
 * Milliseconds for an image of 4096 x 4096 on one thread, the engine's codecs and cfitsio's own in
 * turn. Run by hand; no test.
 */
final class CodecTimes {
  private static final int SIDE = 4096;

  private CodecTimes() {}

  public static void main(String[] arguments) {
    for (double sigma : new double[] {1, 10, 200, 3000}) {
      rice(sigma, 2);
      rice(sigma, 4);
    }
    for (double sigma : new double[] {1, 10, 200, 3000}) {
      hcompress(sigma, 16, 0);
    }
    hcompress(10, 16, 4);
    hcompress(10, SIDE, 0);
    plio();
    dither();
  }

  /** Tiles of some rows. */
  private static void hcompress(double sigma, int rows, int scale) {
    try (Arena arena = Arena.ofConfined()) {
      List<MemorySegment> tiles = new ArrayList<>();
      int pixels = rows * SIDE;
      for (int tile = 0; tile < SIDE / rows; tile++) {
        try (Arena passing = Arena.ofConfined()) {
          MemorySegment values = noise(tile, sigma, 4, pixels, passing);
          MemorySegment compressed = CfitsioCodecs.hcompress(values, 4, SIDE, rows, scale, passing);
          // cfitsio reads a little beyond the end.
          tiles.add(arena.allocate(compressed.byteSize() + 64).copyFrom(compressed));
        }
      }
      MemorySegment target = arena.allocate(4L * pixels, 64);
      HcompressCodec codec = new HcompressCodec(scale > 0);
      report(
          "hcompress " + rows + " rows, sigma " + sigma + ", scale " + scale,
          tiles,
          tile -> codec.decode(tiles.get(tile), target, pixels),
          tile -> CfitsioCodecs.hcompressBack(tiles.get(tile), scale > 0, target, 4));
    }
  }

  private static void plio() {
    try (Arena arena = Arena.ofConfined()) {
      List<MemorySegment> tiles = new ArrayList<>();
      for (int row = 0; row < SIDE; row++) {
        MemorySegment mask = arena.allocate(4L * SIDE, 8);
        Random random = new Random(row);
        for (int i = 0, value = 0; i < SIDE; i++) {
          value =
              random.nextInt(20) > 0 ? value : random.nextInt(4) > 0 ? 0 : 1 << random.nextInt(12);
          mask.setAtIndex(JAVA_INT, i, value);
        }
        tiles.add(CfitsioCodecs.plio(mask, arena));
      }
      MemorySegment target = arena.allocate(4L * SIDE, 64);
      PlioCodec codec = new PlioCodec();
      report(
          "plio, runs of 20",
          tiles,
          tile -> codec.decode(tiles.get(tile), target, SIDE),
          tile -> CfitsioCodecs.plioBack(tiles.get(tile), target));
    }
  }

  private static void dither() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment integers = noise(1, 10, 4, SIDE, arena);
      MemorySegment target = arena.allocate(4L * SIDE, 64);
      Dequantizer dequantizer = new Dequantizer(Dither.SUBTRACTIVE_DITHER_2, 1);
      TileScaling scaling = new TileScaling(0.1, 5, true, Integer.MIN_VALUE);
      List<MemorySegment> tiles = Collections.nCopies(SIDE, integers);
      report(
          "dither 2 with blanks",
          tiles,
          tile -> dequantizer.toFloats(integers, scaling, tile, target, 4, SIDE),
          tile -> {});
    }
  }

  private static void rice(double sigma, int width) {
    try (Arena arena = Arena.ofConfined()) {
      List<MemorySegment> tiles = new ArrayList<>();
      for (int row = 0; row < SIDE; row++) {
        tiles.add(CfitsioCodecs.rice(noise(row, sigma, width, SIDE, arena), width, 32, arena));
      }
      MemorySegment target = arena.allocate((long) SIDE * width, 64);
      RiceCodec codec = new RiceCodec(width, 32);
      report(
          "rice " + 8 * width + " bit, sigma " + sigma,
          tiles,
          tile -> codec.decode(tiles.get(tile), target, SIDE),
          tile -> CfitsioCodecs.riceBack(tiles.get(tile), target, width, 32));
    }
  }

  /** A sky of 1,000 with noise. */
  static MemorySegment noise(long seed, double sigma, int width, int pixels, Arena arena) {
    Random random = new Random(seed);
    MemorySegment values = arena.allocate((long) pixels * width, 8);
    for (int i = 0; i < pixels; i++) {
      long value = Math.round(1000 + sigma * random.nextGaussian());
      switch (width) {
        case 2 -> values.setAtIndex(JAVA_SHORT, i, (short) value);
        case 4 -> values.setAtIndex(JAVA_INT, i, (int) value);
        default -> values.setAtIndex(JAVA_LONG, i, value);
      }
    }
    return values;
  }

  private static void report(
      String name, List<MemorySegment> tiles, IntConsumer ours, IntConsumer theirs) {
    long bytes = tiles.stream().mapToLong(MemorySegment::byteSize).sum();
    double[] times = new double[9];
    double[] oracle = new double[9];
    for (int round = -6; round < 9; round++) {
      double own = milliseconds(tiles.size(), ours);
      double other = milliseconds(tiles.size(), theirs);
      if (round >= 0) {
        times[round] = own;
        oracle[round] = other;
      }
    }
    Arrays.sort(times);
    Arrays.sort(oracle);
    System.out.printf(
        Locale.ROOT,
        "%-44s %6.1f MB  %7.1f ms  cfitsio %7.1f ms  x %.2f%n",
        name,
        bytes / 1e6,
        times[4],
        oracle[4],
        oracle[4] / times[4]);
  }

  private static double milliseconds(int tiles, IntConsumer work) {
    long start = System.nanoTime();
    for (int tile = 0; tile < tiles; tile++) {
      work.accept(tile);
    }
    return (System.nanoTime() - start) / 1e6;
  }
}
