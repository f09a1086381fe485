package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.NativeMemoryException;
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
  /** Rows of the scan that are listed by one thread. */
  private static final long LIST_ROWS = 256 << 10;

  /** Up to this one thread is done before a second one, woken for it, would have been of help. */
  private static final long SMALL_BYTES = 256 << 10;

  /** What is kept of rows beside the result. */
  private static final long MOST_KEPT_BYTES = 256 << 20;

  private final TableFile file;
  private final List<Column> columns;
  private final Rows rows;
  private final Abi abi;
  private @Nullable RowSieve sieve;
  private @Nullable RowSelection selection;
  private @Nullable CfitsioScan cfitsio;
  private @Nullable DlpackTensor list;
  private @Nullable TableLoader loader;

  private FilteredLoader(TableFile file, List<Column> columns, Rows rows, Abi abi) {
    this.file = file;
    this.columns = columns;
    this.rows = rows;
    this.abi = abi;
  }

  /**
   * The task of reading columns of some rows.
   *
   * @param file is closed with the task
   * @param columns in the order of the result
   * @param rows of which those are read for which the condition is true, in their order
   * @param condition as {@link Predicate} has it
   * @return a task with the result that {@link TableLoader} has
   */
  public static Task load(
      TableFile file, List<Column> columns, Rows rows, String condition, Abi abi) {
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
      String path, TableFile file, List<Column> columns, String filter, Abi abi) {
    Rows rows = Rows.all(file.layout().rows());
    FilteredLoader filtered = new FilteredLoader(file, columns, rows, abi);
    try {
      return filtered.task(path, filter);
    } catch (RuntimeException | Error failure) {
      filtered.close();
      throw failure;
    }
  }

  /** The rows are in the file, and no more than it has bytes. */
  private void requireBytes() {
    file.requireRows(rows);
    if (file.layout().rowBytes() == 0) {
      // Any number of them fits into any file.
      throw new FitsException(
          ErrorKind.UNSUPPORTED, file.layout().place() + ": a condition on rows without bytes");
    }
  }

  private Task task(String path, String filter) {
    requireBytes();
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
    requireBytes();
    ScannedRows scanned = ScannedRows.of(file, rows, predicate, ZoneMaps.OF_PROCESS);
    RowSieve whole = RowSieve.of(file, scanned, columns, MOST_KEPT_BYTES);
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

  private static Job share(Job job, long bytes) {
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
    long[] places = selected.counts(LIST_ROWS);
    long found = places[places.length - 1];
    if (found == rows.count()) {
      return read(rows);
    }
    MemorySegment numbers = allocate(found).elements();
    Job job =
        new Job(
            places.length - 1,
            piece -> {
              long place = places[(int) piece] * Long.BYTES;
              selected.list(rows, piece * LIST_ROWS, LIST_ROWS, numbers.asSlice(place));
            });
    Workers.share(job);
    Rows chosen = Rows.numbered(numbers, found, file.layout().rows());
    return new Task.Second(job, () -> read(chosen));
  }

  private DlpackTensor allocate(long count) {
    try {
      DlpackTensor numbers = DlpackTensor.allocate(abi, ElementType.INT64, count);
      list = numbers;
      return numbers;
    } catch (NativeMemoryException refused) {
      throw new FitsException(
          ErrorKind.OUT_OF_MEMORY, file.layout().place() + ": " + refused.getMessage());
    }
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
