package org.torchfits.table;

import java.util.Arrays;

/**
 * Texts of some rows, as they stand in the table: each ends at its first NUL, and blanks at its end
 * do not count.
 *
 * @param starts where the place of each begins in {@code bytes}, and that of the last one ends
 */
record Texts(byte[] bytes, int[] starts) {
  int from(int row) {
    return starts[row];
  }

  /** Where the text of a row ends. */
  int end(int row) {
    int from = starts[row];
    int limit = starts[row + 1];
    int end = from;
    while (end < limit && bytes[end] != 0) {
      end++;
    }
    while (end > from && bytes[end - 1] == ' ') {
      end--;
    }
    return end;
  }

  /**
   * Whether the first byte is a NUL, which is how a null string is told from an empty one in a
   * file; or there is no byte, as in memory, where there are no NULs.
   */
  boolean isNull(int row) {
    return starts[row] == starts[row + 1] || bytes[starts[row]] == 0;
  }

  /** Whether the text is that one, which does not end with blanks. */
  boolean equals(int row, byte[] text) {
    int from = starts[row];
    return text.length <= starts[row + 1] - from
        && startsWith(from, text)
        && end(row) == from + text.length;
  }

  private boolean startsWith(int from, byte[] text) {
    for (int i = 0; i < text.length; i++) {
      if (bytes[from + i] != text[i]) {
        return false;
      }
    }
    return true;
  }

  /** By bytes, as unsigned numbers. */
  int compare(int row, byte[] text) {
    return Arrays.compareUnsigned(bytes, from(row), end(row), text, 0, text.length);
  }

  int compare(int row, Texts other, int otherRow) {
    return Arrays.compareUnsigned(
        bytes, from(row), end(row), other.bytes, other.from(otherRow), other.end(otherRow));
  }
}
