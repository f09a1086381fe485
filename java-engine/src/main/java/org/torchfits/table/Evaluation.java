package org.torchfits.table;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

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
  }

  /** Integers of the rows. */
  @FunctionalInterface
  interface IntegerNode {
    Integers of(Evaluation evaluation);
  }

  /** Truth values of the rows, as {@link Truth} has them. */
  @FunctionalInterface
  interface TruthNode {
    byte[] of(Evaluation evaluation);
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

  /** The truth of a condition for some rows; the array is the caller's until it gives it back. */
  byte[] truths(Predicate condition, RowBatch of) {
    place = condition.table().place();
    rows = of;
    return condition.node().of(this);
  }

  RowBatch rows() {
    return Objects.requireNonNull(rows);
  }

  int count() {
    return rows().count();
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
