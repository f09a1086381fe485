package org.torchfits.table;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.FitsException;
import org.torchfits.table.Evaluation.IntegerNode;
import org.torchfits.table.Evaluation.RealNode;
import org.torchfits.table.Evaluation.TextNode;
import org.torchfits.table.Evaluation.TruthNode;

/** Makes nodes of comparisons. */
final class ComparisonBinder {
  private final ExpressionText source;

  ComparisonBinder(ExpressionText source) {
    this.source = source;
  }

  /** A comparison of each operand with the next one. */
  TruthNode chain(Expression.Chain chain, List<Bound> operands) {
    TruthNode between = between(chain, operands);
    if (between != null) {
      return between;
    }
    List<TruthNode> pairs = new ArrayList<>();
    for (int i = 0; i < chain.relations().size(); i++) {
      Relation relation = chain.relations().get(i);
      pairs.add(pair(operands.get(i), relation, operands.get(i + 1), chain.position()));
    }
    return pairs.size() == 1 ? pairs.getFirst() : Logic.all(pairs);
  }

  /** Numbers between two constants are one range; null if it is something else. */
  private static @Nullable TruthNode between(Expression.Chain chain, List<Bound> operands) {
    if (operands.size() != 3
        || chain.relations().contains(Relation.NOT_EQUAL)
        || !(operands.get(0) instanceof Bound.Fixed(Constant first))
        || !(operands.get(2) instanceof Bound.Fixed(Constant last))
        || first.isNull()
        || last.isNull()) {
      return null;
    }
    Relation behindFirst = chain.relations().get(0).reversed();
    Relation beforeLast = chain.relations().get(1);
    return switch (operands.get(1)) {
      case Bound.Real(RealNode node) ->
          within(node, first.reals(behindFirst).and(last.reals(beforeLast)));
      case Bound.Whole(IntegerNode node, boolean unsigned) ->
          within(
              node,
              first
                  .longs(behindFirst, unsigned)
                  .flatMap(range -> last.longs(beforeLast, unsigned).flatMap(range::and)));
      case Bound.Fixed _, Bound.FixedText _, Bound.TextColumn _, Bound.Truths _ -> null;
    };
  }

  /** One comparison. */
  TruthNode pair(Bound left, Relation relation, Bound right, int position) {
    boolean negative = relation == Relation.NOT_EQUAL;
    TruthNode node = holds(left, negative ? Relation.EQUAL : relation, right, position);
    return negative ? Logic.not(node) : node;
  }

  /**
   * @param relation all but NOT_EQUAL
   */
  private TruthNode holds(Bound left, Relation relation, Bound right, int position) {
    if (left.isNumber() && right.isNumber()) {
      return numbers(left, relation, right);
    }
    if (left.isText() && right.isText()) {
      return texts(left, relation, right);
    }
    boolean truths = left instanceof Bound.Truths && right instanceof Bound.Truths;
    if (truths && relation == Relation.EQUAL) {
      return Logic.equal(((Bound.Truths) left).node(), ((Bound.Truths) right).node());
    }
    throw incomparable(left, relation, right, position);
  }

  private FitsException incomparable(Bound left, Relation relation, Bound right, int position) {
    String pair = left.describe() + " " + relation.symbol() + " " + right.describe();
    return source.error(
        position, "'" + pair + "' does not compare; brackets bind tightest, then & and |");
  }

  private static TruthNode numbers(Bound left, Relation relation, Bound right) {
    if (right instanceof Bound.Fixed(Constant constant)) {
      return withConstant(left, relation, constant);
    }
    if (left instanceof Bound.Fixed) {
      return numbers(right, relation.reversed(), left);
    }
    if (left instanceof Bound.Whole whole) {
      return right instanceof Bound.Whole other
          ? integers(whole, relation, other)
          : mixed(whole, relation, right.reals());
    }
    return right instanceof Bound.Whole
        ? numbers(right, relation.reversed(), left)
        : reals(left.reals(), relation, right.reals());
  }

  private static TruthNode withConstant(Bound left, Relation relation, Constant constant) {
    if (constant.isNull()) {
      return Logic.constant(Truth.UNKNOWN);
    }
    return switch (left) {
      case Bound.Fixed(Constant other) -> ofConstants(other, relation, constant);
      case Bound.Whole(IntegerNode node, boolean unsigned) ->
          within(node, constant.longs(relation, unsigned));
      case Bound.Real _, Bound.FixedText _, Bound.TextColumn _, Bound.Truths _ ->
          within(left.reals(), constant.reals(relation));
    };
  }

  private static TruthNode ofConstants(Constant left, Relation relation, Constant right) {
    if (left.isNull()) {
      return Logic.constant(Truth.UNKNOWN);
    }
    byte[] order = {(byte) (OrderKernels.EQUAL + left.compareTo(right))};
    OrderKernels.toTruth(order, relation, 1);
    return Logic.constant(order[0]);
  }

  private static TruthNode within(RealNode node, Constant.Reals range) {
    TruthNode truths =
        e -> {
          double[] values = node.of(e);
          byte[] result = e.borrowTruths();
          RangeKernels.within(values, range, result, e.count());
          e.giveBack(values);
          return result;
        };
    return ZonedNode.ofReals(truths, node, known -> Possible.within(known, range));
  }

  private static TruthNode within(IntegerNode node, Optional<Constant.Longs> range) {
    // None lies in a range that ends before it begins.
    Constant.Longs bounds = range.orElse(new Constant.Longs(Long.MAX_VALUE, Long.MIN_VALUE));
    TruthNode truths =
        e -> {
          Integers values = node.of(e);
          byte[] result = e.borrowTruths();
          RangeKernels.within(values, bounds, result, e.count());
          e.giveBack(values);
          return result;
        };
    return ZonedNode.ofIntegers(truths, node, known -> Possible.within(known, bounds));
  }

  private static TruthNode reals(RealNode left, Relation relation, RealNode right) {
    return e -> {
      double[] first = left.of(e);
      double[] second = right.of(e);
      byte[] truths = e.borrowTruths();
      OrderKernels.compare(first, second, truths, e.count());
      OrderKernels.toTruth(truths, relation, e.count());
      e.giveBack(first);
      e.giveBack(second);
      return truths;
    };
  }

  private static TruthNode integers(Bound.Whole left, Relation relation, Bound.Whole right) {
    if (left.unsigned() && !right.unsigned()) {
      return integers(right, relation.reversed(), left);
    }
    boolean alike = left.unsigned() == right.unsigned();
    return e -> {
      Integers first = left.node().of(e);
      Integers second = right.node().of(e);
      byte[] truths = e.borrowTruths();
      if (alike) {
        OrderKernels.compare(first, second, truths, e.count());
      } else {
        OrderKernels.compareWithUnsigned(first, second, truths, e.count());
      }
      OrderKernels.toTruth(truths, relation, e.count());
      e.giveBack(first);
      e.giveBack(second);
      return truths;
    };
  }

  private static TruthNode mixed(Bound.Whole left, Relation relation, RealNode right) {
    return e -> {
      Integers first = left.node().of(e);
      double[] second = right.of(e);
      byte[] truths = e.borrowTruths();
      OrderKernels.compare(first, left.unsigned(), second, truths, e.count());
      OrderKernels.toTruth(truths, relation, e.count());
      e.giveBack(first);
      e.giveBack(second);
      return truths;
    };
  }

  private static TruthNode texts(Bound left, Relation relation, Bound right) {
    if (left instanceof Bound.TextColumn(int column)) {
      return right instanceof Bound.FixedText text
          ? withText(column, relation, text.stripped())
          : columns(column, relation, ((Bound.TextColumn) right).column());
    }
    if (right instanceof Bound.TextColumn) {
      return texts(right, relation.reversed(), left);
    }
    byte[] first = ((Bound.FixedText) left).stripped();
    byte[] second = ((Bound.FixedText) right).stripped();
    int compared = Integer.signum(Arrays.compareUnsigned(first, second));
    byte[] order = {(byte) (OrderKernels.EQUAL + compared)};
    OrderKernels.toTruth(order, relation, 1);
    return Logic.constant(order[0]);
  }

  private static TruthNode withText(int column, Relation relation, byte[] text) {
    if (relation == Relation.EQUAL) {
      return ask(column, (texts, truths, n) -> TextKernels.equal(texts, text, truths, n));
    }
    return ask(
        column,
        (texts, truths, n) -> {
          OrderKernels.compare(texts, text, truths, n);
          OrderKernels.toTruth(truths, relation, n);
        });
  }

  private static TruthNode columns(int left, Relation relation, int right) {
    TextNode other = e -> e.rows().texts(right);
    return e -> {
      byte[] truths = e.borrowTruths();
      OrderKernels.compare(e.rows().texts(left), other.of(e), truths, e.count());
      OrderKernels.toTruth(truths, relation, e.count());
      return truths;
    };
  }

  /** Asks something of each text of a column. */
  @FunctionalInterface
  interface TextQuestion {
    void ask(Texts texts, byte[] into, int n);
  }

  static TruthNode ask(int column, TextQuestion question) {
    return e -> {
      byte[] truths = e.borrowTruths();
      question.ask(e.rows().texts(column), truths, e.count());
      return truths;
    };
  }
}
