package org.torchfits.table;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.zone.IntegerBounds;
import org.torchfits.zone.RealBounds;
import org.torchfits.zone.ZoneFold;
import org.torchfits.zone.Zones;

/**
 * Where a thread evaluates a condition, for some rows at a time: the rows, and arrays for what is
 * computed of them. An array that a node returns belongs to who asked for it, until that gives it
 * back. So there are as many arrays as the condition is deep, however long it is.
 */
final class Evaluation {
  /** Most rows at a time: what is computed of them stays in a core's L1 and L2 cache. */
  static final int ROWS = 1024;

  /** Real numbers of the rows; NaN where there is none. */
  @FunctionalInterface
  interface RealNode {
    double[] of(Evaluation evaluation);

    /** Between which numbers they lie in zones; null if that is not known. */
    default @Nullable RealBounds bounds(Zones zones) {
      return null;
    }
  }

  /** Integers of the rows. */
  @FunctionalInterface
  interface IntegerNode {
    Integers of(Evaluation evaluation);

    /** Between which integers they lie in zones; null if that is not known. */
    default @Nullable IntegerBounds bounds(Zones zones) {
      return null;
    }
  }

  /** Truth values of the rows, as {@link Truth} has them. */
  @FunctionalInterface
  interface TruthNode {
    byte[] of(Evaluation evaluation);

    /** Which of them there may be in zones, as {@link Possible} has them, in a new array. */
    default byte[] possible(Zones zones) {
      return Possible.same(Possible.ANY, zones.count());
    }
  }

  /** Texts of the rows. They belong to the rows and are not given back. */
  @FunctionalInterface
  interface TextNode {
    Texts of(Evaluation evaluation);
  }

  private final ArrayDeque<double[]> reals = new ArrayDeque<>();
  private final ArrayDeque<Integers> integers = new ArrayDeque<>();
  private final ArrayDeque<byte[]> truths = new ArrayDeque<>();
  private String place = "";
  private @Nullable RowBatch rows;
  private @Nullable ZoneFold fold;

  /**
   * The truth of a condition for some rows; the array is the caller's until it gives it back.
   *
   * @param into takes up what the columns hold that are decoded; null if nobody asks
   */
  byte[] truths(Predicate condition, RowBatch of, @Nullable ZoneFold into) {
    place = condition.table().place();
    rows = of;
    fold = into;
    if (into != null) {
      into.next(of.count());
    }
    return condition.node().of(this);
  }

  RowBatch rows() {
    return Objects.requireNonNull(rows);
  }

  int count() {
    return rows().count();
  }

  /** The real numbers of a column. */
  double[] reals(int column) {
    double[] values = borrowReals();
    rows().reals(column, values);
    if (fold != null) {
      fold.addReals(column, values, count());
    }
    return values;
  }

  /** The integers of a column. */
  Integers integers(int column) {
    Integers numbers = borrowIntegers();
    rows().integers(column, numbers);
    if (fold != null) {
      fold.addIntegers(column, numbers.values, numbers.nulls, count());
    }
    return numbers;
  }

  /** The truth values of a column. */
  byte[] truths(int column) {
    byte[] values = borrowTruths();
    rows().truths(column, values);
    if (fold != null) {
      fold.addTruths(column, values, count());
    }
    return values;
  }

  /** Points of two columns, in degrees, were decoded. */
  void notePoints(int lon, int lat, double[] lons, double[] lats) {
    if (fold != null) {
      fold.addPoints(lon, lat, lons, lats, count());
    }
  }

  double[] borrowReals() {
    double[] idle = reals.poll();
    return idle != null ? idle : new double[ROWS];
  }

  Integers borrowIntegers() {
    Integers idle = integers.poll();
    return idle != null ? idle : new Integers();
  }

  byte[] borrowTruths() {
    byte[] idle = truths.poll();
    return idle != null ? idle : new byte[ROWS];
  }

  /** Truth values that are all the same. */
  byte[] constant(byte truth) {
    byte[] same = borrowTruths();
    Arrays.fill(same, 0, count(), truth);
    return same;
  }

  void giveBack(double[] idle) {
    reals.push(idle);
  }

  void giveBack(Integers idle) {
    integers.push(idle);
  }

  void giveBack(byte[] idle) {
    truths.push(idle);
  }

  /** The error of an integer operation that has no result in 64 bits. */
  FitsException overflow(int row, String operation) {
    return new FitsException(
        ErrorKind.VALUE_RANGE,
        place + ": row " + rows().row(row) + ": " + operation + " exceeds 64 bits");
  }
}
