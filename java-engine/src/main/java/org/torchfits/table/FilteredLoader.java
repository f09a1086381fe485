package org.torchfits.table;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.work.Job;
import org.torchfits.work.Task;
import org.torchfits.work.Workers;
import org.torchfits.zone.ZoneMaps;

/**
 * Reads columns of those rows for which a condition is true. Short rows pass a {@link RowSieve}
 * that keeps what is wanted of them. Of long ones a first job scans the columns that the condition
 * names, a second one lists the rows that it found, and then {@link TableLoader} reads them.
 */
public final class FilteredLoader {
  /** Up to this one thread is done before a second one, woken for it, would have been of help. */
  private static final long SMALL_BYTES = 256 << 10;

  /** What is kept of rows beside the result. */
  private static final long MOST_KEPT_BYTES = 256 << 20;

  private final TableFile file;
  private final WantedColumns columns;
  private final Rows rows;
  private final Abi abi;
  private @Nullable RowSieve sieve;
  private @Nullable RowSelection selection;
  private @Nullable CfitsioScan cfitsio;
  private @Nullable DlpackTensor list;
  private @Nullable TableLoader loader;

  private FilteredLoader(TableFile file, WantedColumns columns, Rows rows, Abi abi) {
    this.file = file;
    this.columns = columns;
    this.rows = rows;
    this.abi = abi;
  }

  /**
   * The task of reading columns of some rows.
   *
   * @param file is closed with the task
   * @param rows of which those are read for which the condition is true, in their order
   * @param condition as {@link Predicate} has it
   * @return a task with the result that {@link TableLoader} has
   */
  public static Task load(
      TableFile file, WantedColumns columns, Rows rows, String condition, Abi abi) {
    FilteredLoader filtered = new FilteredLoader(file, columns, rows, abi);
    try {
      return filtered.task(Predicate.of(condition, file.layout()));
    } catch (RuntimeException | Error failure) {
      filtered.close();
      throw failure;
    }
  }

  /**
   * The task of reading columns of the rows of a table for which a filter of cfitsio holds.
   *
   * @param path of the file, as for {@link org.torchfits.cfitsio.FitsFile#open}
   * @see #load for the other parameters
   */
  public static Task loadByCfitsio(
      String path, TableFile file, WantedColumns columns, String filter, Abi abi) {
    Rows rows = Rows.all(file.layout().rows());
    FilteredLoader filtered = new FilteredLoader(file, columns, rows, abi);
    try {
      return filtered.task(path, filter);
    } catch (RuntimeException | Error failure) {
      filtered.close();
      throw failure;
    }
  }

  private Task task(String path, String filter) {
    file.requireBytes(rows);
    if (file.compressed() != null) {
      // It would filter the rows of compressed bytes.
      throw new FitsException(
          ErrorKind.UNSUPPORTED,
          file.layout().place() + ": cfitsio's row filters know no compressed tables (ZTABLE)");
    }
    RowSelection selected = new RowSelection(rows.count());
    selection = selected;
    CfitsioScan scan = new CfitsioScan(path, file, filter, selected);
    cfitsio = scan;
    return Task.ofTwoJobs(scan.job(), () -> list(selected), this::close);
  }

  private Task task(Predicate predicate) {
    file.requireBytes(rows);
    ScannedRows scanned = ScannedRows.of(file, rows, predicate, ZoneMaps.OF_PROCESS);
    RowSieve whole = RowSieve.of(file, scanned, columns.all(), MOST_KEPT_BYTES);
    sieve = whole;
    if (whole != null) {
      Job job = share(whole.job(), whole.bytes());
      return Task.ofTwoJobs(job, then(scanned, () -> readFound(whole)), this::close);
    }
    RowSelection selected = new RowSelection(rows.count());
    selection = selected;
    PredicateScan scan = new PredicateScan(file, scanned, selected);
    Job job = share(scan.job(), scan.bytes());
    return Task.ofTwoJobs(job, then(scanned, () -> list(selected)), this::close);
  }

  private static Supplier<Task.Second> then(ScannedRows scanned, Supplier<Task.Second> next) {
    return () -> {
      scanned.keep();
      return next.get();
    };
  }

  /**
   * Lets others help with a job.
   *
   * @param bytes that it reads
   */
  static Job share(Job job, long bytes) {
    if (job.pieces() > 1 && bytes > SMALL_BYTES) {
      Workers.share(job);
    }
    return job;
  }

  private Task.Second readFound(RowSieve ofRows) {
    Rows found = Rows.range(0, 1, ofRows.found(), file.layout().rows());
    TableLoader reading = new TableLoader(file, found, abi);
    loader = reading;
    return reading.begin(columns, ofRows);
  }

  private Task.Second list(RowSelection selected) {
    if (selected.count() == rows.count()) {
      return read(rows);
    }
    RowList found = RowList.of(selected, rows, abi, file.layout().place());
    list = found.numbers();
    long tableRows = file.layout().rows();
    Rows chosen = Rows.numbered(found.numbers().elements(), found.count(), tableRows);
    return new Task.Second(found.job(), () -> read(chosen));
  }

  private Task.Second read(Rows chosen) {
    TableLoader reading = new TableLoader(file, chosen, abi);
    loader = reading;
    return reading.begin(columns);
  }

  private void close() {
    if (sieve != null) {
      sieve.close();
    }
    if (cfitsio != null) {
      cfitsio.close();
    }
    if (selection != null) {
      selection.close();
    }
    if (list != null) {
      list.close();
    }
    if (loader != null) {
      // Closes the file as well.
      loader.close();
    } else {
      file.close();
    }
  }
}
