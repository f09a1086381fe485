package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Which of some rows are selected: a bit for each, in native memory. Threads may select different
 * rows at once.
 */
final class RowSelection implements AutoCloseable {
  private static final VarHandle WORD = JAVA_LONG.varHandle();

  private final long rows;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment words;

  /**
   * A selection of none.
   *
   * @param rows that may be selected
   */
  RowSelection(long rows) {
    this.rows = rows;
    this.words = arena.allocate(Math.ceilDiv(rows, Long.SIZE) * Long.BYTES, Long.BYTES);
  }

  /**
   * Selects the rows of which something is true.
   *
   * @param at of the first one
   * @param truths as {@link Truth} has them
   */
  void select(long at, byte[] truths, int n) {
    int done = 0;
    while (done < n) {
      int bit = (int) ((at + done) % Long.SIZE);
      int length = Math.min(Long.SIZE - bit, n - done);
      long index = (at + done) / Long.SIZE;
      // Rows that another thread selects may have their bits in the same word.
      long _ =
          (long) WORD.getAndBitwiseOr(words, index * Long.BYTES, bits(truths, done, length) << bit);
      done += length;
    }
  }

  private static long bits(byte[] truths, int from, int length) {
    long word = 0;
    for (int i = 0; i < length; i++) {
      word |= (long) (truths[from + i] >> 1) << i;
    }
    return word;
  }

  /**
   * How many rows are selected before each piece, and, at the end, in all.
   *
   * @param pieceRows a multiple of 64
   */
  long[] counts(long pieceRows) {
    int pieces = Math.toIntExact(Math.ceilDiv(rows, pieceRows));
    long[] before = new long[pieces + 1];
    for (int piece = 0; piece < pieces; piece++) {
      before[piece + 1] = before[piece] + count(piece * pieceRows, pieceRows);
    }
    return before;
  }

  /** How many are selected. */
  long count() {
    return count(0, rows);
  }

  private long count(long from, long most) {
    long count = 0;
    long end = Math.ceilDiv(Math.min(rows, from + most), Long.SIZE);
    for (long word = from / Long.SIZE; word < end; word++) {
      count += Long.bitCount(words.getAtIndex(JAVA_LONG, word));
    }
    return count;
  }

  /**
   * The numbers in the table of the rows that are selected in a piece, in their order.
   *
   * @param of what the selection is of
   * @param from a multiple of 64
   * @param into that has room for them
   */
  void list(Rows of, long from, long most, MemorySegment into) {
    long at = 0;
    long end = Math.ceilDiv(Math.min(rows, from + most), Long.SIZE);
    for (long word = from / Long.SIZE; word < end; word++) {
      long rest = words.getAtIndex(JAVA_LONG, word);
      while (rest != 0) {
        long row = of.row(word * Long.SIZE + Long.numberOfTrailingZeros(rest));
        into.setAtIndex(JAVA_LONG, at++, row);
        rest &= rest - 1;
      }
    }
  }

  @Override
  public void close() {
    arena.close();
  }
}
