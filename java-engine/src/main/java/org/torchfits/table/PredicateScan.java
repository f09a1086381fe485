package org.torchfits.table;

import java.util.List;
import org.torchfits.work.Job;

/**
 * Finds out for which rows a condition is true. Only the columns that it names are read, and what
 * stands between them.
 */
final class PredicateScan {
  private final TableLayout layout;
  private final Predicate predicate;
  private final Rows rows;
  private final RowSelection selection;
  private final RowFetcher fetcher;
  private final List<FieldGroup> groups;

  /** Rows that are read at once. */
  private final int blockRows;

  private final long pieceRows;

  /**
   * @param selection of as many rows as there are, that is filled
   */
  PredicateScan(TableFile file, Predicate predicate, Rows rows, RowSelection selection) {
    this.layout = file.layout();
    this.predicate = predicate;
    this.rows = rows;
    this.selection = selection;
    this.fetcher = new RowFetcher(file, rows);
    this.groups = FieldGroup.of(predicate.columnsOf(file.layout()));
    long fitting = fetcher.rowsOfPiece(groups.stream().mapToLong(FieldGroup::bytes));
    // Whole words of the selection, so that no two threads write one.
    this.pieceRows = Math.max(fitting / Long.SIZE, 1) * Long.SIZE;
    this.blockRows = (int) Math.min(fitting, pieceRows);
  }

  /** The job of filling the selection. */
  Job job() {
    return new Job(Math.ceilDiv(rows.count(), pieceRows), this::scan);
  }

  /** Bytes that are read of each row, about. */
  long rowBytes() {
    return groups.stream().mapToLong(FieldGroup::bytes).sum();
  }

  private void scan(long piece) {
    long from = piece * pieceRows;
    long to = Math.min(from + pieceRows, rows.count());
    Evaluation evaluation = new Evaluation();
    StoredRows stored = new StoredRows(layout, rows);
    for (long at = from; at < to; at += blockRows) {
      scan(evaluation, stored, at, (int) Math.min(blockRows, to - at));
    }
  }

  private void scan(Evaluation evaluation, StoredRows stored, long at, int count) {
    List<RowBuffers> buffers = groups.stream().map(_ -> new RowBuffers()).toList();
    try {
      for (int i = 0; i < groups.size(); i++) {
        FieldGroup group = groups.get(i);
        stored.take(group, fetcher.fetch(group.offset(), group.bytes(), at, count, buffers.get(i)));
      }
      select(evaluation, stored, at, count);
    } finally {
      buffers.forEach(RowBuffers::close);
    }
  }

  private void select(Evaluation evaluation, StoredRows stored, long at, int count) {
    for (int done = 0; done < count; done += Evaluation.ROWS) {
      int n = Math.min(Evaluation.ROWS, count - done);
      stored.moveTo(at + done, done, n);
      byte[] truths = evaluation.truths(predicate, stored);
      selection.select(at + done, truths, n);
      evaluation.giveBack(truths);
    }
  }
}
