package org.torchfits.table;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.torchfits.header.Hdu;
import org.torchfits.header.Keywords;

/**
 * Random groups as a table (FITS 4.0, section 6): a row for each group, a column for each
 * parameter, and the arrays as column {@code DATA}. All are stored as BITPIX tells.
 */
final class GroupColumns {
  private static final int MAX_PARAMETERS = 999;
  private static final String DATA = "DATA";

  private final Hdu hdu;
  private final Keywords header;
  private final char letter;
  private final ColumnNames names = new ColumnNames();

  GroupColumns(Hdu hdu, Keywords header) {
    this.hdu = hdu;
    this.header = header;
    this.letter = letter(hdu.bitpix());
  }

  private static char letter(int bitpix) {
    return switch (bitpix) {
      case 8 -> 'B';
      case 16 -> 'I';
      case 32 -> 'J';
      case 64 -> 'K';
      case -32 -> 'E';
      default -> 'D';
    };
  }

  List<Column> columns() {
    long parameters = Objects.requireNonNull(hdu.groups()).parameters();
    if (parameters > MAX_PARAMETERS) {
      throw header.bad("PCOUNT = " + parameters + " parameters are more than " + MAX_PARAMETERS);
    }
    List<Column> columns = new ArrayList<>();
    for (int index = 0; index < parameters; index++) {
      columns.add(parameter(index));
    }
    if (hdu.axes().length > 1) {
      columns.add(data((int) parameters));
    }
    return List.copyOf(columns);
  }

  private Column parameter(int index) {
    ColumnProblem problem = new ColumnProblem();
    double scale = problem.real(header, "PSCAL" + (index + 1), 1);
    double zero = problem.real(header, "PZERO" + (index + 1), 0);
    String given = header.text("PTYPE" + (index + 1));
    Field field = new Field(index, given, form(1), new long[0]);
    return column(field, new Scaling(scale, zero, null), problem);
  }

  private Column data(int index) {
    ColumnProblem problem = new ColumnProblem();
    double scale = problem.real(header, "BSCALE", 1);
    double zero = problem.real(header, "BZERO", 0);
    // NAXIS1 is 0.
    long[] dim = Arrays.copyOfRange(hdu.axes(), 1, hdu.axes().length);
    Long blank = hdu.bitpix() > 0 ? hdu.blank() : null;
    return column(
        new Field(index, DATA, form(elements(dim)), dim), new Scaling(scale, zero, blank), problem);
  }

  private long elements(long[] dim) {
    long elements = 1;
    for (long length : dim) {
      // An HDU's data is counted without overflow, but that of no groups.
      elements = Math.multiplyHigh(elements, length) == 0 ? elements * length : -1;
    }
    if (elements < 0 || elements > Long.MAX_VALUE / 16) {
      throw header.bad("NAXISn describe more bytes than a file can hold");
    }
    return elements;
  }

  private ColumnForm form(long repeat) {
    String text = repeat == 1 ? String.valueOf(letter) : repeat + String.valueOf(letter);
    return new ColumnForm(text, letter, repeat, ' ', 0);
  }

  private record Field(int index, @Nullable String name, ColumnForm form, long[] dim) {}

  private record Scaling(double scale, double zero, @Nullable Long blank) {}

  private Column column(Field field, Scaling scaling, ColumnProblem problem) {
    return new Column(
        field.index(),
        names.next(field.name(), field.index()),
        field.form(),
        (long) field.index() * field.form().elementBytes(),
        scaling.scale(),
        scaling.zero(),
        scaling.blank(),
        null,
        "",
        "",
        field.dim(),
        null,
        problem.reason());
  }
}
