package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.TensorView;
import org.torchfits.error.FitsException;
import org.torchfits.work.Job;
import org.torchfits.work.Task;
import org.torchfits.zone.ZoneMaps;

/**
 * Finds the rows for which a condition is true: of a table of a file, or of columns in memory. The
 * tasks give a block of INT64, the places of these rows, from 0, among those that were asked about.
 */
public final class RowFinder {
  /** Numbers that tell of a column in memory. */
  private static final int VALUES_NUMBERS = 5;

  private final long rows;
  private final String place;
  private final Abi abi;
  private final RowSelection selection;
  private final List<Task.Resource> sources = new ArrayList<>();

  /** What is done once the selection is complete. */
  private Runnable found = () -> {};

  private RowFinder(long rows, String place, Abi abi) {
    this.rows = rows;
    this.place = place;
    this.abi = abi;
    this.selection = new RowSelection(rows);
  }

  /**
   * Among rows of a file.
   *
   * @param file is closed with the task
   * @param condition as {@link Predicate} has it
   */
  public static Task find(TableFile file, Rows rows, String condition, Abi abi) {
    RowFinder finder = of(file, rows, abi);
    return finder.task(() -> {
      Predicate predicate = Predicate.of(condition, file.layout());
      ScannedRows scanned = ScannedRows.of(file, rows, predicate, ZoneMaps.OF_PROCESS);
      PredicateScan scan = new PredicateScan(file, scanned, finder.selection);
      finder.found = scanned::keep;
      return FilteredLoader.share(scan.job(), scan.bytes());
    });
  }

  /**
   * Among all rows of a table, by a filter of cfitsio.
   *
   * @param path of the file, as for {@link org.torchfits.cfitsio.FitsFile#open}
   * @param file is closed with the task
   */
  public static Task findByCfitsio(String path, TableFile file, String filter, Abi abi) {
    RowFinder finder = of(file, Rows.all(file.layout().rows()), abi);
    return finder.task(() -> {
      CfitsioScan scan = new CfitsioScan(path, file, filter, finder.selection);
      finder.sources.add(scan::close);
      return scan.job();
    });
  }

  private static RowFinder of(TableFile file, Rows rows, Abi abi) {
    try {
      file.requireBytes(rows);
      RowFinder finder = new RowFinder(rows.count(), file.layout().place(), abi);
      finder.sources.add(file::close);
      return finder;
    } catch (RuntimeException | Error failure) {
      file.close();
      throw failure;
    }
  }

  /**
   * Which columns a condition names: their numbers, from 0, with commas between them.
   *
   * @param place as errors show it
   * @param columns as {@link HeldTable#parse} has them
   * @throws FitsException of kind BAD_EXPRESSION if it is no condition on such columns
   */
  public static String columnsOf(String condition, String place, String columns) {
    return Predicate.of(condition, HeldTable.parse(place, columns)).columns().stream()
        .map(String::valueOf)
        .collect(Collectors.joining(","));
  }

  /**
   * Among rows in memory.
   *
   * @param columns of the table, as for {@link #columnsOf}
   * @param rows how many there are
   * @param values INT64 (n, 5), of the columns that the condition names: the column's number,
   *     addresses of the {@code DLManagedTensor} of its values and of the offsets of its strings (0
   *     for others), 1 if it has a null value or 0, and that value; kept alive by the caller
   */
  public static Task findHeld(
      String condition, String place, String columns, long rows, TensorView values, Abi abi) {
    HeldTable table = HeldTable.parse(place, columns);
    Predicate predicate = Predicate.of(condition, table);
    List<HeldValues> held = held(table, rows, values.elements(), abi);
    RowFinder finder = new RowFinder(rows, place, abi);
    return finder.task(new HeldScan(predicate, table, held, rows, finder.selection)::job);
  }

  private static List<HeldValues> held(
      HeldTable columns, long rows, MemorySegment numbers, Abi abi) {
    List<HeldValues> held = new ArrayList<>();
    long count = numbers.byteSize() / Long.BYTES;
    for (long at = 0; at < count; at += VALUES_NUMBERS) {
      HeldColumn column = columns.columns().get((int) numbers.getAtIndex(JAVA_LONG, at));
      long offsets = numbers.getAtIndex(JAVA_LONG, at + 2);
      boolean hasNull = numbers.getAtIndex(JAVA_LONG, at + 3) != 0;
      held.add(
          HeldValues.of(
              column,
              TensorView.at(numbers.getAtIndex(JAVA_LONG, at + 1), abi),
              offsets == 0 ? null : TensorView.at(offsets, abi),
              hasNull ? numbers.getAtIndex(JAVA_LONG, at + 4) : null,
              rows));
    }
    return held;
  }

  /**
   * @param scan makes the job that fills the selection
   */
  private Task task(Supplier<Job> scan) {
    try {
      return Task.ofTwoJobs(scan.get(), this::list, this::close);
    } catch (RuntimeException | Error failure) {
      close();
      throw failure;
    }
  }

  private Task.Second list() {
    found.run();
    RowList list = RowList.of(selection, Rows.all(rows), abi, place);
    return new Task.Second(list.job(), new Task.Result(list.numbers(), List.of()));
  }

  private void close() {
    selection.close();
    sources.reversed().forEach(Task.Resource::close);
  }
}
