package org.torchfits.table;

import java.util.Arrays;

/** What can be asked of texts. {@code n} is the number of rows. */
final class TextKernels {
  private TextKernels() {}

  /**
   * @param text without blanks at its end
   */
  static void equal(Texts texts, byte[] text, byte[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = Truth.of(texts.equals(i, text));
    }
  }

  /**
   * @param sorted by {@link Arrays#compareUnsigned(byte[], byte[])}
   */
  static void among(Texts texts, byte[][] sorted, byte[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = Truth.of(isAmong(texts, i, sorted));
    }
  }

  private static boolean isAmong(Texts texts, int row, byte[][] sorted) {
    int low = 0;
    int high = sorted.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = texts.compare(row, sorted[middle]);
      if (order == 0) {
        return true;
      }
      low = order > 0 ? middle + 1 : low;
      high = order > 0 ? high : middle - 1;
    }
    return false;
  }

  static void isNull(Texts texts, byte[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = Truth.of(texts.isNull(i));
    }
  }

  static void like(Texts texts, LikePattern pattern, byte[] into, int n) {
    for (int i = 0; i < n; i++) {
      into[i] = Truth.of(pattern.matches(texts.bytes(), texts.from(i), texts.end(i)));
    }
  }
}
