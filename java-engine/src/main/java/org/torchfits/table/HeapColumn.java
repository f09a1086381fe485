package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.error.FitsException;
import org.torchfits.source.Scratch;
import org.torchfits.tile.ColumnCodec;
import org.torchfits.tile.TableTiles;

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

  /**
   * Where in the file the array of each row begins; 0 for an empty one. Of a compressed table
   * behind them the numbers of compressed bytes.
   */
  private final DlpackTensor places;

  /** Null if the table is not compressed. */
  private final @Nullable CompressedRows compressed;

  private boolean isFetched;

  HeapColumn(TableFile file, Column column, long rows, Abi abi) {
    super(file.layout(), column, rows);
    this.file = file;
    this.form = (ColumnForm) column.form();
    this.compressed = file.compressed();
    this.offsets = allocate(abi, ElementType.INT64, Math.addExact(rows, 1));
    this.ends = offsets.elements().asSlice(Long.BYTES);
    try {
      this.places = allocate(abi, ElementType.INT64, compressed == null ? rows : 2 * rows);
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
    for (int row = 0; row < block.rows(); row++) {
      long at = field + row * block.stride();
      ArrayDescriptor array = bytes() > 0 ? descriptor(block.bytes(), at) : ArrayDescriptor.NONE;
      if (array.count() == 0) {
        put(first + row, 0, 0, 0);
      } else if (compressed == null) {
        take(first + row, array);
      } else {
        take(first + row, array, ArrayDescriptor.wide(block.bytes(), at + bytes()));
      }
    }
  }

  private ArrayDescriptor descriptor(MemorySegment row, long at) {
    return form.descriptor() == 'Q'
        ? ArrayDescriptor.wide(row, at)
        : ArrayDescriptor.narrow(row, at);
  }

  private void take(long row, ArrayDescriptor array) {
    long heapBytes = layout().heapBytes();
    boolean isWithin = array.isWithin(heapBytes, form.letter() == 'X' ? 8 : 1);
    if (!isWithin || form.storedBytes(array.count()) > heapBytes - array.offset()) {
      throw outsideHeap(row, array, "elements");
    }
    put(row, array.count(), layout().heapOffset() + array.offset(), 0);
  }

  /** Of a compressed table the heap has compressed bytes alone. */
  private void take(long row, ArrayDescriptor array, ArrayDescriptor bytes) {
    long heapBytes = layout().heapBytes();
    if (!bytes.isWithin(heapBytes, 1) || bytes.count() > heapBytes - bytes.offset()) {
      throw outsideHeap(row, bytes, "compressed bytes");
    }
    boolean isCountable = array.count() > 0 && array.count() < Integer.MAX_VALUE;
    if (!isCountable
        || !ColumnCodec.isWithinReach(bytes.count(), form.storedBytes(array.count()))) {
      throw badData(
          row, bytes.count() + " compressed bytes cannot become " + array.count() + " elements");
    }
    put(row, array.count(), layout().heapOffset() + bytes.offset(), bytes.count());
  }

  private FitsException outsideHeap(long row, ArrayDescriptor array, String what) {
    return badData(
        row,
        array.count()
            + " "
            + what
            + " from byte "
            + array.offset()
            + " are not within the heap of "
            + layout().heapBytes()
            + " bytes");
  }

  private void put(long row, long count, long place, long compressedBytes) {
    ends.setAtIndex(JAVA_LONG, row, count);
    places.elements().setAtIndex(JAVA_LONG, row, place);
    if (compressed != null) {
      places.elements().setAtIndex(JAVA_LONG, rows() + row, compressedBytes);
    }
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
      if (countOf(row) == 0) {
        row++;
      } else if (compressed != null) {
        decompress(compressed, row++);
      } else {
        row = fetchNear(row, last);
      }
    }
    finishRows(pieces.get(piece), last);
  }

  private void decompress(CompressedRows rows, long row) {
    long compressedBytes = places.elements().getAtIndex(JAVA_LONG, rows() + row);
    TableTiles.ArrayPlace array =
        new TableTiles.ArrayPlace(row, place(row), compressedBytes, storedBytes(row));
    rows.useArray(column(), array, raw -> decode(row, 0, raw, 0, countOf(row)));
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
