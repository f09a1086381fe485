package org.torchfits.table;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.torchfits.work.Job;
import org.torchfits.work.Workers;

/**
 * One or several columns on their way into tensors. First every block of rows is taken by {@link
 * #read}, by several threads at once; then come the stages of {@link #nextStage}, one after the
 * other.
 */
abstract class RowReader implements AutoCloseable {
  /** Work that several threads do in pieces. */
  record Stage(long pieces, Job.Piece work) {
    /** Its job, with which the engine's threads help. */
    Job shared() {
      Job job = new Job(pieces, work);
      Workers.share(job);
      return job;
    }
  }

  /** The columns; at least one. */
  abstract List<Column> columns();

  /** Where the first field begins in the row, in bytes. */
  abstract long offset();

  /** Bytes of the row that are needed from there. */
  abstract long bytes();

  /** Whether blocks of rows have something for it. */
  boolean needsRows() {
    return bytes() > 0;
  }

  /**
   * Takes the fields of the rows of a block.
   *
   * @param field where those of the block's first row begin, in its bytes
   * @param first of the wanted rows
   */
  abstract void read(RowBlock block, long field, long first);

  /** Work that could not be planned before all that came before was done; null if none is left. */
  @Nullable Stage nextStage() {
    return null;
  }

  /** Frees what the caller did not get. */
  @Override
  public abstract void close();
}
