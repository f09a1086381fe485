package org.torchfits.image;

import static org.torchfits.header.FitsBytes.card;
import static org.torchfits.header.FitsBytes.primary;
import static org.torchfits.header.FitsBytes.with;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.torchfits.header.FitsBytes;

/** Writes image files of random values. */
public final class GeneratedFile {
  private GeneratedFile() {}

  /**
   * Writes a file with one image.
   *
   * @param axes in FITS order
   */
  public static Path write(Path file, int bitpix, long[] axes, String... scaling)
      throws IOException {
    long pixels = 1;
    for (long length : axes) {
      pixels *= length;
    }
    byte[] data = values(bitpix, (int) pixels);
    return Files.write(
        file, new FitsBytes().header(with(primary(bitpix, axes), scaling)).data(data).toBytes());
  }

  /** Cards of scaling that cover what the general path and the engine's own must agree on. */
  static String[][] scalings(int bitpix) {
    String[] none = {};
    String[] scaled = {card("BSCALE", 0.125), card("BZERO", -3.5)};
    String[] blank = {card("BLANK", 5)};
    String[] scaledBlank = {card("BSCALE", "2.5D0"), card("BZERO", 100), card("BLANK", 5)};
    String[] unsigned = {card("BZERO", unsignedZero(bitpix))};
    return bitpix < 0
        ? new String[][] {none, scaled}
        : new String[][] {none, scaled, blank, scaledBlank, unsigned};
  }

  private static String unsignedZero(int bitpix) {
    return switch (bitpix) {
      case 8 -> "-128";
      case 16 -> "32768";
      case 32 -> "2147483648";
      default -> "9223372036854775808";
    };
  }

  /** Random values; integers have every seventh 5, floats are finite but for some NaN. */
  private static byte[] values(int bitpix, int count) {
    Random random = new Random(count);
    ByteBuffer values = ByteBuffer.allocate(count * (Math.abs(bitpix) / 8));
    for (int i = 0; i < count; i++) {
      switch (bitpix) {
        case 8 -> values.put((byte) (i % 7 == 0 ? 5 : random.nextInt()));
        case 16 -> values.putShort((short) (i % 7 == 0 ? 5 : random.nextInt()));
        case 32 -> values.putInt(i % 7 == 0 ? 5 : random.nextInt());
        case 64 -> values.putLong(i % 7 == 0 ? 5 : random.nextLong());
        case -32 -> values.putFloat(i % 31 == 0 ? Float.NaN : (float) random.nextGaussian() * 1e6f);
        default -> values.putDouble(i % 31 == 0 ? Double.NaN : random.nextGaussian() * 1e30);
      }
    }
    return values.array();
  }
}
