package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.source.Scratch;

/**
 * Arrays of variable length: the row has the place of its array in the heap (FITS 4.0, section
 * 7.3.5). The blocks of rows bring the places, a stage the arrays.
 */
abstract class HeapColumn extends ColumnReader {
  private static final long PIECE_BYTES = 512 << 10;
  private static final int PIECE_ROWS = 16 << 10;

  private final TableFile file;
  private final ColumnForm form;

  /** INT64 (rows + 1,): where the elements of each row begin among those of all. */
  private final DlpackTensor offsets;

  /** Number of elements of each row, from {@link #offsets}' second element on; then their ends. */
  private final MemorySegment ends;

  /** Where in the file the array of each row begins; 0 for an empty one. */
  private final DlpackTensor places;

  private boolean isFetched;

  HeapColumn(TableFile file, Column column, long rows, Abi abi) {
    super(file.layout(), column, rows);
    this.file = file;
    this.form = (ColumnForm) column.form();
    this.offsets = allocate(abi, ElementType.INT64, Math.addExact(rows, 1));
    this.ends = offsets.elements().asSlice(Long.BYTES);
    try {
      this.places = allocate(abi, ElementType.INT64, rows);
    } catch (RuntimeException | Error failure) {
      offsets.close();
      throw failure;
    }
  }

  @Override
  final long bytes() {
    return form.bytes();
  }

  /** Rows without a descriptor have an array of length 0. */
  @Override
  final boolean needsRows() {
    return true;
  }

  @Override
  final void read(RowBlock block, long field, long first) {
    boolean isWide = form.descriptor() == 'Q';
    for (int row = 0; row < block.rows(); row++) {
      long at = field + row * block.stride();
      long count = 0;
      long offset = 0;
      if (isWide && bytes() > 0) {
        count = block.bytes().get(BigEndian.LONG, at);
        offset = block.bytes().get(BigEndian.LONG, at + 8);
      } else if (bytes() > 0) {
        count = Integer.toUnsignedLong(block.bytes().get(BigEndian.INT, at));
        offset = Integer.toUnsignedLong(block.bytes().get(BigEndian.INT, at + 4));
      }
      take(first + row, count, offset);
    }
  }

  private void take(long row, long count, long offset) {
    long heapBytes = layout().heapBytes();
    if (count != 0) {
      boolean countable = count > 0 && count <= heapBytes * (form.letter() == 'X' ? 8 : 1);
      boolean inHeap = countable && offset >= 0 && offset <= heapBytes;
      if (!inHeap || form.storedBytes(count) > heapBytes - offset) {
        throw badData(
            row,
            count
                + " elements from byte "
                + offset
                + " are not within the heap of "
                + heapBytes
                + " bytes");
      }
    }
    ends.setAtIndex(JAVA_LONG, row, count);
    long place = count == 0 ? 0 : layout().heapOffset() + offset;
    places.elements().setAtIndex(JAVA_LONG, row, place);
  }

  @Override
  @Nullable Stage nextStage() {
    if (isFetched) {
      return null;
    }
    isFetched = true;
    List<Long> pieces = planPieces();
    allocateElements(elementsBefore(rows()));
    return new Stage(pieces.size() - 1L, piece -> fetch(pieces, (int) piece));
  }

  /**
   * Makes ends of counts; the rows at which the pieces of the work begin, and the last one's end.
   */
  private List<Long> planPieces() {
    offsets.elements().set(JAVA_LONG, 0, 0);
    List<Long> pieces = new ArrayList<>(List.of(0L));
    long total = 0;
    long pieceBytes = 0;
    for (long row = 0; row < rows(); row++) {
      long count = ends.getAtIndex(JAVA_LONG, row);
      long bytes = form.storedBytes(count);
      total = Math.addExact(total, count);
      ends.setAtIndex(JAVA_LONG, row, total);
      pieceBytes += bytes;
      if (pieceBytes >= PIECE_BYTES || row + 1 - pieces.getLast() >= PIECE_ROWS) {
        pieces.add(row + 1);
        pieceBytes = 0;
      }
    }
    if (pieces.getLast() < rows()) {
      pieces.add(rows());
    }
    return pieces;
  }

  private void fetch(List<Long> pieces, int piece) {
    long last = pieces.get(piece + 1);
    for (long row = pieces.get(piece); row < last; ) {
      row = countOf(row) == 0 ? row + 1 : fetchNear(row, last);
    }
    finishRows(pieces.get(piece), last);
  }

  /** Fetches the arrays of the next rows that stand near together; returns the row behind them. */
  private long fetchNear(long first, long last) {
    long low = place(first);
    long high = low + storedBytes(first);
    boolean isDense = true;
    long row = first + 1;
    for (; row < last; row++) {
      long bytes = storedBytes(row);
      long gap = bytes == 0 ? 0 : place(row) - high;
      boolean fits = high + gap + bytes - low <= Scratch.BYTES;
      if (gap < 0 || gap > RowFetcher.GAP_BYTES || ((gap > 0 || !isDense) && !fits)) {
        break;
      }
      isDense &= gap == 0;
      high += gap + bytes;
    }
    fetchRange(first, row, low, high, isDense);
    return row;
  }

  private void fetchRange(long first, long last, long low, long high, boolean isDense) {
    if (isDense && decodesInPlace()) {
      readElements(first, low, high - low);
    } else if (high - low <= Scratch.BYTES) {
      try (Scratch scratch = Scratch.borrow()) {
        MemorySegment raw = scratch.bytes().asSlice(0, high - low);
        file.read(low, raw);
        for (long row = first; row < last; row++) {
          if (countOf(row) > 0) {
            decode(row, 0, raw, place(row) - low, countOf(row));
          }
        }
      }
    } else {
      for (long row = first; row < last; row++) {
        fetchLong(row);
      }
    }
  }

  /** Fetches one array in chunks. */
  private void fetchLong(long row) {
    long count = countOf(row);
    // Whole elements, and whole bytes of bits.
    long most = Scratch.BYTES / form.elementBytes() * (form.letter() == 'X' ? 8 : 1);
    try (Scratch scratch = Scratch.borrow()) {
      for (long done = 0; done < count; done += most) {
        long n = Math.min(most, count - done);
        MemorySegment raw = scratch.bytes().asSlice(0, form.storedBytes(n));
        file.read(place(row) + form.storedBytes(done), raw);
        decode(row, done, raw, 0, n);
      }
    }
  }

  /** Makes room for the elements of all rows. */
  abstract void allocateElements(long count);

  /** Whether elements take the bytes that they took in the file. */
  abstract boolean decodesInPlace();

  /** Reads the elements of a row and those behind it that stand in one range of the file. */
  abstract void readElements(long row, long fileOffset, long bytes);

  /**
   * Decodes elements of a row.
   *
   * @param done elements of the row that were decoded before
   */
  abstract void decode(long row, long done, MemorySegment raw, long offset, long count);

  /** Takes note that the elements of the rows are there. */
  void finishRows(long first, long last) {}

  final TableFile file() {
    return file;
  }

  final DlpackTensor offsets() {
    return offsets;
  }

  /** Elements of the rows before that one. */
  final long elementsBefore(long row) {
    return offsets.elements().getAtIndex(JAVA_LONG, row);
  }

  final long countOf(long row) {
    return elementsBefore(row + 1) - elementsBefore(row);
  }

  private long storedBytes(long row) {
    return form.storedBytes(countOf(row));
  }

  private long place(long row) {
    return places.elements().getAtIndex(JAVA_LONG, row);
  }

  @Override
  public void close() {
    offsets.close();
    places.close();
  }
}
