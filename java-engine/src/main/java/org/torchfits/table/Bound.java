package org.torchfits.table;

import java.util.Arrays;
import org.torchfits.table.Evaluation.IntegerNode;
import org.torchfits.table.Evaluation.RealNode;
import org.torchfits.table.Evaluation.TruthNode;

/** An expression whose columns and types are known. */
sealed interface Bound {
  /** A number that is the same for all rows. */
  record Fixed(Constant constant) implements Bound {
    Fixed(double value) {
      this(Constant.of(value));
    }
  }

  /** A text that is the same for all rows. */
  record FixedText(byte[] text) implements Bound {
    /** Without blanks at its end, which mean nothing in a table. */
    byte[] stripped() {
      int end = text.length;
      while (end > 0 && text[end - 1] == ' ') {
        end--;
      }
      return Arrays.copyOf(text, end);
    }
  }

  /** A real number for each row. */
  record Real(RealNode node) implements Bound {}

  /** An integer for each row. */
  record Whole(IntegerNode node, boolean unsigned) implements Bound {}

  /** A truth value for each row. */
  record Truths(TruthNode node) implements Bound {}

  /** A column of texts. */
  record TextColumn(int column) implements Bound {}

  /** As errors call it. */
  default String describe() {
    return switch (this) {
      case Fixed _, Real _, Whole _ -> "a number";
      case FixedText _, TextColumn _ -> "a text";
      case Truths _ -> "a condition";
    };
  }

  default boolean isNumber() {
    return switch (this) {
      case Fixed _, Real _, Whole _ -> true;
      case FixedText _, TextColumn _, Truths _ -> false;
    };
  }

  default boolean isText() {
    return switch (this) {
      case FixedText _, TextColumn _ -> true;
      case Fixed _, Real _, Whole _, Truths _ -> false;
    };
  }

  /** Whether it is an integer for each row, or one for all, of 64 bits with a sign. */
  default boolean isSigned() {
    return switch (this) {
      case Fixed(Constant constant) -> constant.asLong().isPresent();
      case Whole whole -> !whole.unsigned();
      case Real _, FixedText _, TextColumn _, Truths _ -> false;
    };
  }

  /** The real numbers nearest to a number. */
  default RealNode reals() {
    return switch (this) {
      case Fixed(Constant constant) -> same(constant.real());
      case Real(RealNode node) -> node;
      case Whole(IntegerNode node, boolean unsigned) -> new ColumnNodes.Converted(node, unsigned);
      case FixedText _, TextColumn _, Truths _ -> throw new IllegalStateException(describe());
    };
  }

  private static RealNode same(double value) {
    return e -> {
      double[] reals = e.borrowReals();
      Arrays.fill(reals, 0, e.count(), value);
      return reals;
    };
  }

  /** The integers of what {@link #isSigned}. */
  default IntegerNode integers() {
    return switch (this) {
      case Fixed(Constant constant) -> same(constant.asLong().orElseThrow());
      case Whole(IntegerNode node, _) -> node;
      case Real _, FixedText _, TextColumn _, Truths _ ->
          throw new IllegalStateException(describe());
    };
  }

  private static IntegerNode same(long value) {
    return e -> {
      Integers integers = e.borrowIntegers();
      Arrays.fill(integers.values, 0, e.count(), value);
      Arrays.fill(integers.nulls, 0, e.count(), (byte) 0);
      return integers;
    };
  }
}
