package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.torchfits.cfitsio.FitsFile;
import org.torchfits.work.Job;

/**
 * Finds out by cfitsio for which rows of a table a row filter holds. Its pieces are done by the
 * caller alone, as a file of cfitsio belongs to one thread at a time.
 */
final class CfitsioScan implements AutoCloseable {
  /** So many that a call ends soon; a multiple of 64. */
  private static final long PIECE_ROWS = 64 << 10;

  private final FitsFile file;
  private final String filter;
  private final long rows;
  private final RowSelection selection;
  private final long pieceRows;

  /**
   * @param path of the file, as for {@link FitsFile#open}
   * @param filter an expression of cfitsio's
   * @param selection of all rows of the table, that is filled
   */
  CfitsioScan(String path, TableFile table, String filter, RowSelection selection) {
    this.filter = filter;
    this.rows = table.layout().rows();
    this.selection = selection;
    this.pieceRows = FitsFile.isOfManyRows(filter) ? Math.max(1, rows) : PIECE_ROWS;
    this.file = FitsFile.open(path);
    try {
      file.moveTo(table.hdu());
    } catch (RuntimeException | Error failure) {
      file.close();
      throw failure;
    }
  }

  /** The job of filling the selection. */
  Job job() {
    return new Job(Math.ceilDiv(rows, pieceRows), this::scan);
  }

  private void scan(long piece) {
    long first = piece * pieceRows;
    long count = Math.min(pieceRows, rows - first);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment status = arena.allocate(count);
      file.findRows(filter, first, count, status);
      byte[] truths = new byte[Evaluation.ROWS];
      for (long done = 0; done < count; done += truths.length) {
        int n = (int) Math.min(truths.length, count - done);
        for (int i = 0; i < n; i++) {
          truths[i] = Truth.of(status.get(JAVA_BYTE, done + i) == 1);
        }
        selection.select(first + done, truths, n);
      }
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
