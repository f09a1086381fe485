package org.torchfits.table;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.torchfits.work.Job;
import org.torchfits.zone.ZoneFold;

/**
 * Finds out for which rows a condition is true. Only the columns that it names are read, and what
 * stands between them.
 */
final class PredicateScan {
  /** Of a piece, however long the rows are. */
  private static final int LEAST_ROWS = 64;

  private final ScannedRows scanned;
  private final RowSelection selection;
  private final RowFetcher fetcher;
  private final List<FieldGroup> groups;

  /** Rows that are read at once. */
  private final int blockRows;

  private final RowPieces pieces;

  /** What a thread needs for a piece. */
  private record Work(Evaluation evaluation, StoredRows stored, @Nullable ZoneFold fold) {}

  /**
   * @param selection of as many rows as are wanted, that is filled
   */
  PredicateScan(TableFile file, ScannedRows scanned, RowSelection selection) {
    this.scanned = scanned;
    this.selection = selection;
    this.fetcher = new RowFetcher(file, scanned.rows());
    this.groups = FieldGroup.of(scanned.columns(), fetcher.gapBytes());
    this.blockRows = (int) fetcher.rowsOfPiece(groups.stream().mapToLong(FieldGroup::bytes));
    this.pieces = scanned.pieces(Math.max(blockRows, LEAST_ROWS));
  }

  /** The job of filling the selection. */
  Job job() {
    return new Job(pieces.pieces(), piece -> scan((int) piece));
  }

  /** Bytes that are read, about. */
  long bytes() {
    return pieces.rows() * groups.stream().mapToLong(FieldGroup::bytes).sum();
  }

  private void scan(int piece) {
    long first = pieces.first(piece);
    ZoneFold fold = scanned.begin(first);
    StoredRows stored = new StoredRows(scanned.table(), scanned.rows());
    Work work = new Work(new Evaluation(), stored, fold);
    for (int done = 0; done < pieces.count(piece); done += blockRows) {
      scan(work, first + done, Math.min(blockRows, pieces.count(piece) - done));
    }
    scanned.end(fold);
  }

  private void scan(Work work, long at, int count) {
    List<RowBuffers> buffers = groups.stream().map(_ -> new RowBuffers()).toList();
    try {
      for (int i = 0; i < groups.size(); i++) {
        FieldGroup group = groups.get(i);
        work.stored.take(group, fetcher.fetch(group, at, count, buffers.get(i)));
      }
      select(work, at, count);
    } finally {
      buffers.forEach(RowBuffers::close);
    }
  }

  private void select(Work work, long at, int count) {
    for (int done = 0; done < count; done += Evaluation.ROWS) {
      int n = Math.min(Evaluation.ROWS, count - done);
      work.stored.moveTo(at + done, done, n);
      byte[] truths = work.evaluation.truths(scanned.predicate(), work.stored, work.fold);
      selection.select(at + done, truths, n);
      work.evaluation.giveBack(truths);
    }
  }
}
