package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.source.Scratch;
import org.torchfits.work.Job;
import org.torchfits.zone.ZoneFold;

/**
 * Reads rows once, and keeps of those for which a condition is true the bytes of the wanted
 * columns, until it is known how many they are and columns have a place. For tables whose rows are
 * read whole anyway, as they are short.
 */
final class RowSieve implements AutoCloseable {
  private static final int MOST_ROWS = 32 << 10;

  /** What a thread needs for a block of rows. */
  private static final class Work {
    static final ArrayBlockingQueue<Work> POOL = new ArrayBlockingQueue<>(32);

    final Evaluation evaluation = new Evaluation();
    final int[] found = new int[MOST_ROWS];
  }

  private final TableFile file;
  private final ScannedRows scanned;
  private final RowFetcher fetcher;

  /** Columns that are read: those of the condition and the wanted ones. */
  private final FieldGroup read;

  private final FieldGroup wanted;

  /** Blocks of rows. */
  private final RowPieces blocks;

  /** Rows that were found in each block. */
  private final int[] counts;

  private final @Nullable MemorySegment[] kept;
  private final RowStash stash;
  private long[] before = {};

  private RowSieve(
      TableFile file, ScannedRows scanned, FieldGroup read, FieldGroup wanted, RowStash stash) {
    this.file = file;
    this.scanned = scanned;
    this.fetcher = new RowFetcher(file, scanned.rows());
    this.read = read;
    this.wanted = wanted;
    this.stash = stash;
    long stride = Math.max(1, fetcher.stride(read.bytes()));
    this.blocks = scanned.pieces(Math.clamp(Scratch.BYTES / stride, 1, MOST_ROWS));
    this.counts = new int[blocks.pieces()];
    this.kept = new @Nullable MemorySegment[blocks.pieces()];
  }

  /**
   * A sieve for columns of a table; null if its rows are too long to be read whole, or stand apart,
   * or are compressed by columns.
   *
   * @param mostKept bytes of rows that are kept; those beyond are read twice
   */
  static @Nullable RowSieve of(
      TableFile file, ScannedRows scanned, List<Column> columns, long mostKept) {
    FieldGroup wanted = FieldGroup.joined(columns);
    List<Column> named = scanned.columns();
    FieldGroup read = FieldGroup.joined(Stream.concat(named.stream(), columns.stream()).toList());
    boolean isShort =
        file.layout().rowBytes() <= RowFetcher.GAP_BYTES
            && new RowFetcher(file, scanned.rows()).isDense(read.bytes());
    return isShort ? new RowSieve(file, scanned, read, wanted, new RowStash(mostKept)) : null;
  }

  /** The job of looking through the rows. */
  Job job() {
    return new Job(counts.length, block -> sift((int) block));
  }

  /** Bytes that are read. */
  long bytes() {
    return blocks.rows() * file.layout().rowBytes();
  }

  private void sift(int block) {
    try (RowBuffers buffers = new RowBuffers()) {
      Work idle = Work.POOL.poll();
      Work work = idle == null ? new Work() : idle;
      RowBlock all = fetch(block, buffers);
      ZoneFold fold = scanned.begin(blocks.first(block));
      int count = find(all, block, work, fold);
      scanned.end(fold);
      counts[block] = count;
      MemorySegment place = stash.take(count * wanted.bytes());
      if (place != null) {
        pack(all, work.found, count, place);
        kept[block] = place;
      }
      Work.POOL.offer(work);
    }
  }

  private RowBlock fetch(int block, RowBuffers buffers) {
    return fetcher.fetch(read, blocks.first(block), blocks.count(block), buffers);
  }

  /** Lists the rows of a block for which the condition is true; how many they are. */
  private int find(RowBlock all, int block, Work work, @Nullable ZoneFold fold) {
    StoredRows stored = new StoredRows(file.layout(), scanned.rows());
    stored.take(read, all);
    int found = 0;
    for (int done = 0; done < all.rows(); done += Evaluation.ROWS) {
      int n = Math.min(Evaluation.ROWS, all.rows() - done);
      stored.moveTo(blocks.first(block) + done, done, n);
      byte[] truths = work.evaluation.truths(scanned.predicate(), stored, fold);
      found = RowKernels.list(truths, n, done, work.found, found);
      work.evaluation.giveBack(truths);
    }
    return found;
  }

  private void pack(RowBlock all, int[] found, int count, MemorySegment into) {
    int at = (int) (all.offset() + wanted.offset() - read.offset());
    int bytes = (int) wanted.bytes();
    RowKernels.pack(all.bytes(), at, (int) all.stride(), bytes, found, count, into);
  }

  /** How many rows were found, once the job has ended. */
  long found() {
    before = new long[counts.length + 1];
    for (int block = 0; block < counts.length; block++) {
      before[block + 1] = before[block] + counts[block];
    }
    return before[counts.length];
  }

  /** The job of giving the rows to those who decode columns, after {@link #found}. */
  Job reading(List<RowReader> readers) {
    return new Job(counts.length, block -> read((int) block, readers));
  }

  private void read(int block, List<RowReader> readers) {
    int count = counts[block];
    if (count == 0) {
      return;
    }
    try (RowBuffers buffers = new RowBuffers()) {
      MemorySegment place = kept[block];
      MemorySegment bytes = place == null ? siftAgain(block, buffers) : place;
      RowBlock found = new RowBlock(bytes, 0, wanted.bytes(), count);
      for (RowReader reader : readers) {
        reader.read(found, reader.offset() - wanted.offset(), before[block]);
      }
    }
  }

  /** For what the stash had no room for. */
  private MemorySegment siftAgain(int block, RowBuffers buffers) {
    Work work = new Work();
    RowBlock all = fetch(block, buffers);
    int count = find(all, block, work, null);
    if (count != counts[block]) {
      throw new FitsException(
          ErrorKind.IO, file.layout().place() + ": the rows changed while they were read");
    }
    MemorySegment place = buffers.packed(count * wanted.bytes());
    pack(all, work.found, count, place);
    return place;
  }

  @Override
  public void close() {
    stash.close();
  }
}
