package org.torchfits.api;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.TensorView;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.HduSelector;
import org.torchfits.table.Column;
import org.torchfits.table.Rows;
import org.torchfits.table.TableFile;
import org.torchfits.table.TableLayout;
import org.torchfits.table.TableLoader;
import org.torchfits.table.TableSchema;
import org.torchfits.work.Task;
import org.torchfits.work.Unfinished;

/** Reads tables for Python. */
public final class Tables {
  private static final String SEPARATOR = "\0";

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
      long mask) {
    HduSelector selector = new HduSelector(hdu, name, version);
    TensorView numbers = list == 0 ? null : TensorView.at(list, Abi.UNVERSIONED);
    return Tasks.begin(() -> load(TableFile.open(path, selector), columns, slice, numbers, mask));
  }

  private static Task load(
      TableFile file,
      @Nullable String columns,
      @Nullable String slice,
      @Nullable TensorView list,
      long mask) {
    TableLayout layout = file.layout();
    List<Column> wanted;
    Rows rows;
    try {
      wanted = columns(layout, columns);
      rows = rows(layout, slice, list, mask);
    } catch (RuntimeException | Error failure) {
      file.close();
      throw failure;
    }
    return TableLoader.load(file, wanted, rows, Abi.UNVERSIONED);
  }

  private static List<Column> columns(TableLayout layout, @Nullable String columns) {
    if (columns == null) {
      return layout.columns();
    }
    List<Column> wanted = new ArrayList<>();
    for (String column : columns.isEmpty() ? new String[0] : columns.split(SEPARATOR, -1)) {
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
}
