package org.torchfits.table;

import java.util.Arrays;

/** Ranges of the wanted rows, one behind the other and perhaps with others between them. */
final class RowPieces {
  private long[] firsts = new long[16];
  private int[] counts = new int[16];
  private int pieces;
  private long rows;

  /**
   * Adds a range in pieces.
   *
   * @param first of the wanted rows, from 0
   * @param end behind the last one
   * @param most rows of a piece, at least 1
   */
  void add(long first, long end, int most) {
    for (long at = first; at < end; at += most) {
      add(at, (int) Math.min(most, end - at));
    }
  }

  private void add(long first, int count) {
    if (pieces == firsts.length) {
      firsts = Arrays.copyOf(firsts, Math.multiplyExact(2, pieces));
      counts = Arrays.copyOf(counts, firsts.length);
    }
    firsts[pieces] = first;
    counts[pieces++] = count;
    rows += count;
  }

  /** Number of pieces. */
  int pieces() {
    return pieces;
  }

  /** The first row of a piece, of the wanted ones. */
  long first(int piece) {
    return firsts[piece];
  }

  /** Number of rows of a piece, at least 1. */
  int count(int piece) {
    return counts[piece];
  }

  /** Number of rows of all pieces. */
  long rows() {
    return rows;
  }
}
