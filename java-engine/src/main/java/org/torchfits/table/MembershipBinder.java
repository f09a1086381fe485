package org.torchfits.table;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.torchfits.table.Evaluation.IntegerNode;
import org.torchfits.table.Evaluation.RealNode;
import org.torchfits.table.Evaluation.TruthNode;

/** Makes nodes that look values up in a list. */
final class MembershipBinder {
  private final ComparisonBinder comparisons;

  MembershipBinder(ComparisonBinder comparisons) {
    this.comparisons = comparisons;
  }

  /** Whether the operand is one of the values. */
  TruthNode membership(Bound operand, List<Bound> values, int position) {
    if (operand.isNumber() && values.stream().allMatch(Bound.Fixed.class::isInstance)) {
      return amongNumbers(operand, values);
    }
    if (operand instanceof Bound.TextColumn(int column)
        && values.stream().allMatch(Bound.FixedText.class::isInstance)) {
      return amongTexts(column, values);
    }
    return Logic.any(
        values.stream()
            .map(value -> comparisons.pair(operand, Relation.EQUAL, value, position))
            .toList());
  }

  /** As in SQL, a null among the values makes unknown what is none of the others. */
  private static TruthNode amongNumbers(Bound operand, List<Bound> values) {
    List<Constant> numbers =
        values.stream()
            .map(value -> ((Bound.Fixed) value).constant())
            .filter(constant -> !constant.isNull())
            .toList();
    TruthNode node =
        operand instanceof Bound.Whole(IntegerNode integers, boolean unsigned)
            ? amongIntegers(integers, unsigned, numbers)
            : amongReals(operand.reals(), numbers);
    boolean withNull = numbers.size() < values.size();
    return withNull ? Logic.any(List.of(node, Logic.constant(Truth.UNKNOWN))) : node;
  }

  /** Constants that are no integers of 64 bits equal none. */
  private static TruthNode amongIntegers(
      IntegerNode node, boolean unsigned, List<Constant> numbers) {
    long[] sorted =
        numbers.stream()
            .map(constant -> constant.longs(Relation.EQUAL, unsigned))
            .flatMap(Optional::stream)
            .mapToLong(Constant.Longs::low)
            .sorted()
            .toArray();
    TruthNode truths =
        e -> {
          Integers values = node.of(e);
          byte[] result = e.borrowTruths();
          RangeKernels.among(values, sorted, result, e.count());
          e.giveBack(values);
          return result;
        };
    return ZonedNode.ofIntegers(truths, node, known -> Possible.among(known, sorted));
  }

  /** Constants that are no real numbers equal none. */
  private static TruthNode amongReals(RealNode node, List<Constant> numbers) {
    double[] sorted =
        numbers.stream()
            .map(constant -> constant.reals(Relation.EQUAL))
            .filter(range -> range.low() <= range.high())
            .mapToDouble(range -> range.low() + 0.0)
            .sorted()
            .toArray();
    TruthNode truths =
        e -> {
          double[] values = node.of(e);
          byte[] result = e.borrowTruths();
          RangeKernels.among(values, sorted, result, e.count());
          e.giveBack(values);
          return result;
        };
    return ZonedNode.ofReals(truths, node, known -> Possible.among(known, sorted));
  }

  private static TruthNode amongTexts(int column, List<Bound> values) {
    byte[][] sorted =
        values.stream()
            .map(value -> ((Bound.FixedText) value).stripped())
            .sorted(Arrays::compareUnsigned)
            .toArray(byte[][]::new);
    return ComparisonBinder.ask(
        column, (texts, truths, n) -> TextKernels.among(texts, sorted, truths, n));
  }
}
