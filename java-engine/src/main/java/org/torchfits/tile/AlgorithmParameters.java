package org.torchfits.tile;

import java.util.Locale;
import org.torchfits.header.Keywords;

/**
 * What ZNAMEi and ZVALi tell of an algorithm (FITS 4.0, section 10.4).
 *
 * @param blockSize pixels of a block of RICE_1
 * @param bytePix bytes of a pixel of RICE_1: 1, 2 or 4
 * @param smooth whether HCOMPRESS_1 smooths
 */
record AlgorithmParameters(int blockSize, int bytePix, boolean smooth) {
  private static final int MAX_PARAMETERS = 99;
  private static final int MAX_BLOCK = 1 << 16;

  static AlgorithmParameters of(Keywords header) {
    int blockSize = 32;
    int bytePix = 4;
    boolean smooth = false;
    for (int i = 1; i <= MAX_PARAMETERS && header.has("ZNAME" + i); i++) {
      String name = header.string("ZNAME" + i);
      switch (name == null ? "" : name.strip().toUpperCase(Locale.ROOT)) {
        case "BLOCKSIZE" -> blockSize = (int) header.integer("ZVAL" + i, 1, MAX_BLOCK);
        case "BYTEPIX" -> bytePix = bytePix(header, "ZVAL" + i);
        case "SMOOTH" -> smooth = header.real("ZVAL" + i, 0) != 0;
        default -> {}
      }
    }
    return new AlgorithmParameters(blockSize, bytePix, smooth);
  }

  private static int bytePix(Keywords header, String keyword) {
    int bytes = (int) header.integer(keyword, 1, 8);
    return switch (bytes) {
      case 1, 2, 4 -> bytes;
      default -> throw header.bad("BYTEPIX of RICE_1 is " + bytes + ", not 1, 2 or 4");
    };
  }
}
