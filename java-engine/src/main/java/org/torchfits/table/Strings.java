package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;

/**
 * Strings that are stored with blanks or zeros behind them and become bytes one behind the other:
 * each ends before the first NUL, and without trailing blanks.
 */
final class Strings implements AutoCloseable {
  private static final long PIECE_STRINGS = 16 << 10;

  /** Less is copied word by word sooner than by a call that copies memory. */
  private static final long SHORT_BYTES = 32;

  private final ColumnReader column;
  private final Abi abi;
  private final long count;
  private final DlpackTensor offsets;
  private final MemorySegment ends;

  /** What was stored, until it has been moved together. */
  private final DlpackTensor stored;

  private @Nullable DlpackTensor compact;
  private boolean isPlanned;

  /**
   * @param count of the strings
   * @param storedBytes of all of them
   */
  Strings(ColumnReader column, Abi abi, long count, long storedBytes) {
    this.column = column;
    this.abi = abi;
    this.count = count;
    this.offsets = column.allocate(abi, ElementType.INT64, Math.addExact(count, 1));
    this.ends = offsets.elements().asSlice(Long.BYTES);
    try {
      this.stored = column.allocate(abi, ElementType.UINT8, storedBytes);
    } catch (RuntimeException | Error failure) {
      offsets.close();
      throw failure;
    }
  }

  /** Where the stored bytes of the strings go, with all that is behind them. */
  MemorySegment stored() {
    return stored.elements();
  }

  /** Takes note of string {@code index}, which stands in {@link #stored}. */
  void measure(long index, long offset, long bytes) {
    ends.setAtIndex(JAVA_LONG, index, length(stored.elements(), offset, bytes));
  }

  /** Bytes of a string: up to the first NUL, without trailing blanks. */
  private static long length(MemorySegment bytes, long offset, long most) {
    long length = 0;
    while (length + Long.BYTES <= most
        && !hasZero(bytes.get(JAVA_LONG_UNALIGNED, offset + length))) {
      length += Long.BYTES;
    }
    while (length < most && bytes.get(JAVA_BYTE, offset + length) != 0) {
      length++;
    }
    while (length > 0 && bytes.get(JAVA_BYTE, offset + length - 1) == ' ') {
      length--;
    }
    return length;
  }

  /** Whether one of the eight bytes is 0. */
  private static boolean hasZero(long bytes) {
    return ((bytes - 0x0101010101010101L) & ~bytes & 0x8080808080808080L) != 0;
  }

  /**
   * The work of moving the strings together, once all were measured; null if there is none.
   *
   * @param start where string number n stands in {@link #stored}
   */
  RowReader.@Nullable Stage compaction(LongUnaryOperator start) {
    if (isPlanned) {
      return null;
    }
    isPlanned = true;
    long total = sumUp();
    if (total == stored.elements().byteSize()) {
      return null;
    }
    DlpackTensor moved = column.allocate(abi, ElementType.UINT8, total);
    compact = moved;
    return new RowReader.Stage(
        Math.ceilDiv(count, PIECE_STRINGS), piece -> move(piece, start, moved.elements()));
  }

  /** Makes ends of lengths; the bytes of all. */
  private long sumUp() {
    offsets.elements().set(JAVA_LONG, 0, 0);
    long total = 0;
    for (long i = 0; i < count; i++) {
      total += ends.getAtIndex(JAVA_LONG, i);
      ends.setAtIndex(JAVA_LONG, i, total);
    }
    return total;
  }

  private void move(long piece, LongUnaryOperator start, MemorySegment target) {
    MemorySegment source = stored.elements();
    long last = Math.min(count, (piece + 1) * PIECE_STRINGS);
    long place = offsets.elements().getAtIndex(JAVA_LONG, piece * PIECE_STRINGS);
    long pieceEnd = ends.getAtIndex(JAVA_LONG, last - 1);
    for (long i = piece * PIECE_STRINGS; i < last; i++) {
      long end = ends.getAtIndex(JAVA_LONG, i);
      long from = start.applyAsLong(i);
      long words = (end - place + Long.BYTES - 1) & -Long.BYTES;
      if (words <= SHORT_BYTES && place + words <= pieceEnd && from + words <= source.byteSize()) {
        moveWords(source, from, target, place, (int) words);
      } else {
        MemorySegment.copy(source, from, target, place, end - place);
      }
      place = end;
    }
  }

  /** Writes up to seven bytes too many, which the next string of the piece overwrites. */
  private static void moveWords(
      MemorySegment source, long from, MemorySegment target, long to, int bytes) {
    for (int i = 0; i < bytes; i += Long.BYTES) {
      target.set(JAVA_LONG_UNALIGNED, to + i, source.get(JAVA_LONG_UNALIGNED, from + i));
    }
  }

  /** Bytes and offsets. */
  List<DlpackTensor> blocks() {
    return List.of(compact == null ? stored : compact, offsets);
  }

  @Override
  public void close() {
    offsets.close();
    stored.close();
    if (compact != null) {
      compact.close();
    }
  }
}
