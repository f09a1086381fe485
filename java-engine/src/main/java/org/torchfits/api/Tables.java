package org.torchfits.api;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.TensorView;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.HduSelector;
import org.torchfits.source.FileTarget;
import org.torchfits.table.Column;
import org.torchfits.table.ColumnEncoder;
import org.torchfits.table.FilteredLoader;
import org.torchfits.table.HeldNumbers;
import org.torchfits.table.RowFinder;
import org.torchfits.table.Rows;
import org.torchfits.table.TableFile;
import org.torchfits.table.TableLayout;
import org.torchfits.table.TableLoader;
import org.torchfits.table.TableSchema;
import org.torchfits.table.TableWriter;
import org.torchfits.table.WantedColumns;
import org.torchfits.work.Task;
import org.torchfits.work.Unfinished;

/** Reads and writes tables for Python. */
public final class Tables {
  /** Numbers that tell of a column to write: addresses of values and offsets, width, fill. */
  private static final int PLAN_NUMBERS = 4;

  private Tables() {}

  /**
   * Reads columns of a table.
   *
   * @param path the bytes of the file's name, one in each char
   * @param hdu from 0; -1 for {@code name}, -3 for the first table
   * @param version EXTVER; 0 for any
   * @param columns names with NUL characters between them, or numbers from 0 behind a {@code #};
   *     null for all
   * @param slice {@code start:stop:step} as {@link Rows#slice} has it; null for all rows or those
   *     of {@code list}
   * @param list address of the {@code DLManagedTensor} of row numbers, as {@link Rows#list} has
   *     them; 0 for none
   * @param mask rows that the mask was made for from which {@code list} was made; -1 if it was not
   * @param condition as {@link FilteredLoader} has it; null for none
   * @param together numbers, from 0 and with commas between them, of the columns that are put side
   *     by side as {@link WantedColumns} has them; empty for none
   * @return as {@link TableLoader} and {@link Tasks} have it
   */
  public static long readColumns(
      String path,
      int hdu,
      @Nullable String name,
      int version,
      @Nullable String columns,
      @Nullable String slice,
      long list,
      long mask,
      @Nullable String condition,
      String together) {
    HduSelector selector = new HduSelector(hdu, name, version);
    TensorView numbers = list == 0 ? null : TensorView.at(list, Abi.UNVERSIONED);
    return Tasks.begin(() -> {
      TableFile file = TableFile.open(path, selector);
      return load(file, columns, slice, numbers, mask, condition, together);
    });
  }

  /**
   * Begins to read columns of a table.
   *
   * @param number of the task for {@link PendingTasks}, to which also belongs what {@code list}
   *     holds
   * @param content of the file, as {@link TableSchema} told it; null if it does not matter
   * @see #readColumns for the other parameters
   */
  public static void beginColumns(
      long number,
      String path,
      int hdu,
      @Nullable String name,
      int version,
      @Nullable String columns,
      @Nullable String slice,
      long list,
      long mask,
      @Nullable String condition,
      @Nullable String content) {
    HduSelector selector = new HduSelector(hdu, name, version);
    TensorView numbers = list == 0 ? null : TensorView.at(list, Abi.UNVERSIONED);
    PendingTasks.begin(
        number,
        () -> {
          TableFile file = TableFile.open(path, selector, content);
          return load(file, columns, slice, numbers, mask, condition, "");
        });
  }

  /**
   * Reads columns of the rows of a table for which a row filter of cfitsio holds.
   *
   * @param filter an expression that opens no other files
   * @see #readColumns for the other parameters
   */
  public static long readByRowFilter(
      String path,
      int hdu,
      @Nullable String name,
      int version,
      @Nullable String columns,
      String filter,
      String together) {
    HduSelector selector = new HduSelector(hdu, name, version);
    return Tasks.begin(() -> {
      TableFile file = TableFile.open(path, selector);
      WantedColumns wanted = wanted(file, columns, together);
      return FilteredLoader.loadByCfitsio(path, file, wanted, filter, Abi.UNVERSIONED);
    });
  }

  /**
   * Finds the rows of a table for which a condition is true.
   *
   * @see #readColumns for the parameters
   * @return as {@link RowFinder} and {@link Tasks} have it
   */
  public static long findRows(
      String path,
      int hdu,
      @Nullable String name,
      int version,
      @Nullable String slice,
      long list,
      String condition) {
    HduSelector selector = new HduSelector(hdu, name, version);
    TensorView numbers = list == 0 ? null : TensorView.at(list, Abi.UNVERSIONED);
    return Tasks.begin(() -> {
      TableFile file = TableFile.open(path, selector);
      return RowFinder.find(file, rowsOf(file, slice, numbers), condition, Abi.UNVERSIONED);
    });
  }

  /** Closes the file if there are no such rows. */
  private static Rows rowsOf(TableFile file, @Nullable String slice, @Nullable TensorView list) {
    try {
      return rows(file.layout(), slice, list, -1);
    } catch (RuntimeException | Error failure) {
      file.close();
      throw failure;
    }
  }

  /**
   * Finds the rows of a table for which a row filter of cfitsio holds.
   *
   * @see #readByRowFilter for the parameters
   * @return as {@link RowFinder} and {@link Tasks} have it
   */
  public static long findByRowFilter(
      String path, int hdu, @Nullable String name, int version, String filter) {
    HduSelector selector = new HduSelector(hdu, name, version);
    return Tasks.begin(() ->
        RowFinder.findByCfitsio(path, TableFile.open(path, selector), filter, Abi.UNVERSIONED));
  }

  /**
   * Which columns of a table in memory a condition names.
   *
   * @see RowFinder#columnsOf
   */
  public static String columnsOf(String condition, String place, String columns) {
    return RowFinder.columnsOf(condition, place, columns);
  }

  /**
   * Finds the rows of a table in memory for which a condition is true.
   *
   * @param place what the rows are, as errors show it
   * @param columns of the table, as for {@link #columnsOf}
   * @param rows how many there are
   * @param values address of the {@code DLManagedTensor} that tells the values, as {@link
   *     RowFinder#findHeld} has it
   * @return as {@link RowFinder} and {@link Tasks} have it
   */
  public static long findHeldRows(
      String condition, String place, String columns, long rows, long values) {
    TensorView held = TensorView.at(values, Abi.UNVERSIONED);
    return Tasks.begin(
        () -> RowFinder.findHeld(condition, place, columns, rows, held, Abi.UNVERSIONED));
  }

  /** Closes the file if there are no such columns. */
  private static WantedColumns wanted(TableFile file, @Nullable String columns, String together) {
    try {
      return wanted(file.layout(), columns, together);
    } catch (RuntimeException | Error failure) {
      file.close();
      throw failure;
    }
  }

  private static Task load(
      TableFile file,
      @Nullable String columns,
      @Nullable String slice,
      @Nullable TensorView list,
      long mask,
      @Nullable String condition,
      String together) {
    TableLayout layout = file.layout();
    WantedColumns wanted;
    Rows rows;
    try {
      wanted = wanted(layout, columns, together);
      rows = rows(layout, slice, list, mask);
    } catch (RuntimeException | Error failure) {
      file.close();
      throw failure;
    }
    return condition == null
        ? TableLoader.load(file, wanted, rows, Abi.UNVERSIONED)
        : FilteredLoader.load(file, wanted, rows, condition, Abi.UNVERSIONED);
  }

  private static WantedColumns wanted(
      TableLayout layout, @Nullable String columns, String together) {
    Set<Integer> numbers =
        together.isEmpty()
            ? Set.of()
            : Arrays.stream(together.split(",")).map(Integer::valueOf).collect(Collectors.toSet());
    return new WantedColumns(columns(layout, columns), numbers);
  }

  private static List<Column> columns(TableLayout layout, @Nullable String columns) {
    if (columns == null) {
      return layout.columns();
    }
    List<Column> wanted = new ArrayList<>();
    for (String column : columns.isEmpty() ? List.<String>of() : Parts.of(columns)) {
      wanted.add(
          column.startsWith("#")
              ? layout.column(Integer.parseInt(column.substring(1)))
              : layout.column(column.substring(1)));
    }
    return wanted;
  }

  private static Rows rows(
      TableLayout layout, @Nullable String slice, @Nullable TensorView list, long mask) {
    if (mask >= 0 && mask != layout.rows()) {
      throw new FitsException(
          ErrorKind.MISMATCH,
          layout.place() + ": a mask of " + mask + " rows, the table has " + layout.rows());
    }
    if (list != null) {
      return Rows.list(list, layout.rows(), layout.place());
    }
    return slice == null ? Rows.all(layout.rows()) : Rows.slice(slice, layout.rows());
  }

  /**
   * Puts columns of numbers side by side and finds their statistics.
   *
   * @param columns address of the {@code DLManagedTensor} that tells the columns, as {@link
   *     HeldNumbers#make} has it
   * @return as that and {@link Tasks} have it
   */
  public static long makeNumericalBlock(long columns) {
    TensorView wanted = TensorView.at(columns, Abi.UNVERSIONED);
    return Tasks.begin(() -> HeldNumbers.make(wanted, Abi.UNVERSIONED));
  }

  /**
   * What a table is, as {@link TableSchema} has it. Null if this takes long: the caller looks for
   * signals and calls again.
   *
   * @see #readColumns for the parameters
   */
  public static @Nullable String describeTable(
      String path, int hdu, @Nullable String name, int version) {
    try (TableFile file = TableFile.open(path, new HduSelector(hdu, name, version))) {
      return TableSchema.describe(file);
    } catch (Unfinished comeBack) {
      return null;
    }
  }

  /**
   * Writes rows one behind the other.
   *
   * @param descriptor of a file that is open for writing
   * @param name the bytes of the file's name, one in each char, for messages
   * @param offset of the first row in the file, in bytes
   * @param plan address of the {@code DLManagedTensor} of an int64 tensor (columns, 4): of each
   *     column the address of the {@code DLManagedTensor} of its values; of that of the offsets of
   *     its strings, 0 for numbers; the width of a string in bytes; the byte behind shorter ones
   * @return as {@link Tasks} has it
   * @see TableWriter#encoder for what the columns are
   */
  public static long writeRows(int descriptor, String name, long offset, long plan) {
    MemorySegment numbers = TensorView.at(plan, Abi.UNVERSIONED).elements();
    long columns = numbers.byteSize() / ((long) PLAN_NUMBERS * Long.BYTES);
    List<ColumnEncoder> encoders = new ArrayList<>();
    for (long column = 0; column < columns; column++) {
      encoders.add(encoder(numbers, column * PLAN_NUMBERS));
    }
    FileTarget file = FileTarget.of(descriptor, name);
    return Tasks.begin(() -> TableWriter.write(file, offset, encoders));
  }

  private static ColumnEncoder encoder(MemorySegment numbers, long at) {
    long offsets = numbers.getAtIndex(JAVA_LONG, at + 1);
    return TableWriter.encoder(
        TensorView.at(numbers.getAtIndex(JAVA_LONG, at), Abi.UNVERSIONED),
        offsets == 0 ? null : TensorView.at(offsets, Abi.UNVERSIONED),
        numbers.getAtIndex(JAVA_LONG, at + 2),
        (byte) numbers.getAtIndex(JAVA_LONG, at + 3));
  }
}
