package org.torchfits.table;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.torchfits.header.HduKind;
import org.torchfits.header.Keywords;
import org.torchfits.tile.ColumnCodec;

/**
 * Makes the columns of a table from its header (FITS 4.0, sections 7.2 and 7.3). Those of a
 * compressed table have their forms in ZFORMn (section 10.3).
 */
final class ColumnParser {
  private static final int MAX_FIELDS = 999;
  private static final int MAX_AXES = 999;
  private static final Pattern TDIM = Pattern.compile("\\s*\\(\\s*\\d+(\\s*,\\s*\\d+)*\\s*\\)\\s*");
  private static final Pattern NOT_DIGITS = Pattern.compile("\\D+");
  private static final long[] NO_DIM = {};

  private final Keywords header;
  private final boolean ascii;
  private final boolean isCompressed;
  private final long rowBytes;
  private final ColumnNames names = new ColumnNames();

  ColumnParser(Keywords header, HduKind kind, long rowBytes) {
    this.header = header;
    this.ascii = kind == HduKind.ASCII_TABLE;
    this.isCompressed = TableLayout.isCompressed(kind, header);
    this.rowBytes = rowBytes;
  }

  List<Column> columns() {
    int fields = (int) header.integer("TFIELDS", 0, MAX_FIELDS);
    List<Column> columns = new ArrayList<>(fields);
    long end = 0;
    for (int index = 0; index < fields; index++) {
      Column column = column(index, end);
      columns.add(column);
      end = column.offset() + column.bytes();
    }
    if (!ascii && end != rowBytes) {
      throw header.bad("the columns take " + end + " bytes of rows of NAXIS1 = " + rowBytes);
    }
    return List.copyOf(columns);
  }

  /**
   * @param end of the columns before, in bytes
   */
  private Column column(int index, long end) {
    FieldForm form = form(index);
    long offset = ascii ? header.integer(key("TBCOL", index), 1, rowBytes) - 1 : end;
    if (bytes(form) > rowBytes - offset) {
      throw header.bad(
          formKey(index)
              + " = '"
              + form.text()
              + "' from byte "
              + offset
              + " ends behind the row of NAXIS1 = "
              + rowBytes);
    }
    ColumnProblem problems = new ColumnProblem();
    return new Column(
        index,
        names.next(header.text(key("TTYPE", index)), index),
        form,
        offset,
        problems.real(header, key("TSCAL", index), 1),
        problems.real(header, key("TZERO", index), 0),
        ascii ? null : nullValue(index, form, problems),
        ascii ? header.text(key("TNULL", index)) : null,
        text("TUNIT", index),
        text("TDISP", index),
        ascii ? NO_DIM : dim(index, (ColumnForm) form, problems),
        codec(index, form, problems),
        problems.reason());
  }

  private FieldForm form(int index) {
    String text = header.text(formKey(index));
    FieldForm form = null;
    if (text != null) {
      form = ascii ? AsciiForm.parse(text) : ColumnForm.parse(text);
    }
    if (form == null) {
      String value = text == null ? " is missing" : " = '" + text + "' is not a valid value";
      throw header.bad(formKey(index) + value);
    }
    return form;
  }

  private String formKey(int index) {
    return key(isCompressed ? "ZFORM" : "TFORM", index);
  }

  /** How a column with bytes is compressed; null if it is not. */
  private @Nullable ColumnCodec codec(int index, FieldForm form, ColumnProblem problems) {
    if (!isCompressed || form.bytes() == 0) {
      return null;
    }
    String cells = header.text(key("TFORM", index));
    ColumnForm cellForm = cells == null ? null : ColumnForm.parse(cells);
    if (cellForm == null
        || !cellForm.isDescriptor()
        || cellForm.elementBytes() != 1
        || cellForm.repeat() != 1) {
      problems.add(key("TFORM", index), cells, "has no place for compressed bytes");
    }
    String name = header.text(key("ZCTYP", index));
    boolean isOfArrays = form instanceof ColumnForm binary && binary.isDescriptor();
    ColumnCodec codec = ColumnCodec.of(name, form.letter(), isOfArrays);
    if (codec == null) {
      problems.add(key("ZCTYP", index), name, "is no algorithm for " + form.text().strip());
    }
    return codec;
  }

  private static long bytes(FieldForm form) {
    try {
      return form.bytes();
    } catch (ArithmeticException overflow) {
      return Long.MAX_VALUE;
    }
  }

  private String text(String prefix, int index) {
    String text = header.text(key(prefix, index));
    return text == null ? "" : text;
  }

  private @Nullable Long nullValue(int index, FieldForm form, ColumnProblem problems) {
    String keyword = key("TNULL", index);
    String value = header.text(keyword);
    if (value == null || "BIJK".indexOf(form.letter()) < 0) {
      return null;
    }
    try {
      return Long.valueOf(value.strip());
    } catch (NumberFormatException notAnInteger) {
      problems.add(keyword, value, "is not an integer");
      return null;
    }
  }

  private long[] dim(int index, ColumnForm form, ColumnProblem problems) {
    String keyword = key("TDIM", index);
    String value = header.text(keyword);
    if (value == null || value.isBlank()) {
      return NO_DIM;
    }
    long[] dim = TDIM.matcher(value).matches() ? lengths(value) : NO_DIM;
    boolean isGood = dim.length > 0 && dim.length <= MAX_AXES;
    if (form.isDescriptor()) {
      return isGood ? dim : NO_DIM;
    }
    if (!isGood) {
      problems.add(keyword, value, "is not a list of lengths");
      return NO_DIM;
    }
    if (product(dim) > form.repeat()) {
      problems.add(keyword, value, "describes more than " + form.repeat() + " elements");
    }
    return dim;
  }

  /** Empty if one of them is beyond any file. */
  private static long[] lengths(String value) {
    List<String> numbers =
        Stream.of(NOT_DIGITS.split(value)).filter(number -> !number.isEmpty()).toList();
    boolean countable = numbers.stream().allMatch(number -> number.length() <= 18);
    return countable ? numbers.stream().mapToLong(Long::parseLong).toArray() : NO_DIM;
  }

  /** The largest long if it overflows. */
  private static long product(long[] lengths) {
    try {
      long product = 1;
      for (long length : lengths) {
        product = Math.multiplyExact(product, length);
      }
      return product;
    } catch (ArithmeticException overflow) {
      return Long.MAX_VALUE;
    }
  }

  private static String key(String prefix, int index) {
    return prefix + (index + 1);
  }
}
