package org.torchfits.table;

import java.util.Arrays;

/**
 * Texts of some rows, as they stand in the table: each ends at its first NUL, and blanks at its end
 * do not count.
 *
 * @param start of the first one, in bytes
 * @param stride from one to the next
 * @param width of each
 */
record Texts(byte[] bytes, int start, int stride, int width) {
  int from(int row) {
    return start + row * stride;
  }

  /** Where the text of a row ends. */
  int end(int row) {
    int from = from(row);
    int end = from;
    while (end < from + width && bytes[end] != 0) {
      end++;
    }
    while (end > from && bytes[end - 1] == ' ') {
      end--;
    }
    return end;
  }

  /** Whether the first byte is a NUL, which is how a null string is told from an empty one. */
  boolean isNull(int row) {
    return width > 0 && bytes[from(row)] == 0;
  }

  /** Whether the text is that one, which does not end with blanks. */
  boolean equals(int row, byte[] text) {
    int from = from(row);
    return text.length <= width && startsWith(from, text) && end(row) == from + text.length;
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
