package org.torchfits.table;

import java.util.List;
import org.torchfits.work.Job;
import org.torchfits.work.Workers;

/** Finds out for which rows of columns in memory a condition is true. */
final class HeldScan {
  /** A multiple of 64, so that no two threads write one word of the selection. */
  private static final long PIECE_ROWS = 32 << 10;

  private final Predicate predicate;
  private final HeldTable table;
  private final List<HeldValues> columns;
  private final long rows;
  private final RowSelection selection;

  /**
   * @param columns those that the condition names
   * @param selection of as many rows as there are, that is filled
   */
  HeldScan(
      Predicate predicate,
      HeldTable table,
      List<HeldValues> columns,
      long rows,
      RowSelection selection) {
    this.predicate = predicate;
    this.table = table;
    this.columns = columns;
    this.rows = rows;
    this.selection = selection;
  }

  /** The job of filling the selection. */
  Job job() {
    Job job = new Job(Math.ceilDiv(rows, PIECE_ROWS), this::scan);
    if (job.pieces() > 1) {
      Workers.share(job);
    }
    return job;
  }

  private void scan(long piece) {
    Evaluation evaluation = new Evaluation();
    HeldRows held = new HeldRows(table, columns);
    long to = Math.min((piece + 1) * PIECE_ROWS, rows);
    long at = piece * PIECE_ROWS;
    while (at < to) {
      int n = held.moveTo(at, to - at);
      byte[] truths = evaluation.truths(predicate, held, null);
      selection.select(at, truths, n);
      evaluation.giveBack(truths);
      at += n;
    }
  }
}
