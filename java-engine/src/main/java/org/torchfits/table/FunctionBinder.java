package org.torchfits.table;

import static java.util.Map.entry;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import org.torchfits.error.FitsException;
import org.torchfits.table.Evaluation.IntegerNode;
import org.torchfits.table.Evaluation.RealNode;
import org.torchfits.table.Evaluation.TruthNode;

/** Makes nodes of functions. Angles are in radians, but those of {@code cone}. */
final class FunctionBinder {
  private static final Map<String, DoubleUnaryOperator> REAL =
      Map.ofEntries(
          entry("sqrt", Math::sqrt),
          entry("exp", Math::exp),
          entry("log", Math::log),
          entry("log10", Math::log10),
          entry("sin", Math::sin),
          entry("cos", Math::cos),
          entry("tan", Math::tan),
          entry("asin", Math::asin),
          entry("acos", Math::acos),
          entry("atan", Math::atan),
          entry("arcsin", Math::asin),
          entry("arccos", Math::acos),
          entry("arctan", Math::atan),
          entry("sinh", Math::sinh),
          entry("cosh", Math::cosh),
          entry("tanh", Math::tanh),
          entry("degrees", Math::toDegrees),
          entry("radians", Math::toRadians));

  private static final Map<String, RealKernels.Binary> BINARY =
      Map.of(
          "atan2", RealKernels::atan2,
          "arctan2", RealKernels::atan2,
          "hypot", RealKernels::hypot,
          "power", RealKernels::power);

  /** Integers are what these make of them. */
  private static final Map<String, DoubleUnaryOperator> ROUNDING =
      Map.of("floor", Math::floor, "ceil", Math::ceil, "round", Math::rint);

  private static final Map<String, Function<byte[], LikePattern>> PATTERNS =
      Map.of(
          "startswith", LikePattern::prefix,
          "endswith", LikePattern::suffix,
          "contains", LikePattern::infix);

  private static final List<String> OTHERS =
      List.of("abs", "min", "max", "isnan", "isnull", "isfinite", "cone");

  private final ExpressionText source;

  FunctionBinder(ExpressionText source) {
    this.source = source;
  }

  /** A call with arguments that are known. */
  Bound call(Expression.Call call, List<Bound> arguments) {
    String name = call.function();
    if (REAL.containsKey(name)) {
      return ArithmeticBinder.real(REAL.get(name), number(call, arguments));
    }
    if (ROUNDING.containsKey(name)) {
      return rounded(ROUNDING.get(name), number(call, arguments));
    }
    if (BINARY.containsKey(name)) {
      requireNumbers(call, arguments, 2);
      return ofTwo(BINARY.get(name), arguments);
    }
    if (PATTERNS.containsKey(name)) {
      return new Bound.Truths(pattern(call, PATTERNS.get(name), arguments));
    }
    return switch (name) {
      case "abs" -> absolute(number(call, arguments));
      case "min" -> extreme(call, arguments, RealKernels::min, IntegerKernels::min);
      case "max" -> extreme(call, arguments, RealKernels::max, IntegerKernels::max);
      case "isnan", "isnull" -> new Bound.Truths(isNull(one(call, arguments)));
      case "isfinite" -> new Bound.Truths(isFinite(number(call, arguments)));
      case "cone" -> new Bound.Truths(cone(call, arguments));
      default -> throw unknown(call);
    };
  }

  private FitsException unknown(Expression.Call call) {
    TreeSet<String> names = new TreeSet<>(OTHERS);
    names.addAll(REAL.keySet());
    names.addAll(ROUNDING.keySet());
    names.addAll(BINARY.keySet());
    names.addAll(PATTERNS.keySet());
    return source.error(
        call.position(), "there is no such function; there are " + String.join(", ", names));
  }

  private Bound one(Expression.Call call, List<Bound> arguments) {
    if (arguments.size() != 1) {
      throw wrong(call, "takes one argument, not " + arguments.size());
    }
    return arguments.getFirst();
  }

  private Bound number(Expression.Call call, List<Bound> arguments) {
    requireNumbers(call, arguments, 1);
    return arguments.getFirst();
  }

  private void requireNumbers(Expression.Call call, List<Bound> arguments, int count) {
    if (arguments.size() != count) {
      String takes = count == 1 ? "takes one number" : "takes " + count + " numbers";
      throw wrong(call, takes + ", not " + arguments.size() + " arguments");
    }
    for (Bound argument : arguments) {
      if (!argument.isNumber()) {
        throw wrong(call, "takes numbers, not " + argument.describe());
      }
    }
  }

  private FitsException wrong(Expression.Call call, String reason) {
    return source.error(call.position(), call.function() + " " + reason);
  }

  private static Bound rounded(DoubleUnaryOperator rounding, Bound operand) {
    boolean isWhole =
        operand instanceof Bound.Whole
            || (operand instanceof Bound.Fixed(Constant constant) && constant.whole() != null);
    return isWhole ? operand : ArithmeticBinder.real(rounding, operand);
  }

  private static Bound ofTwo(RealKernels.Binary kernel, List<Bound> arguments) {
    if (arguments.get(0) instanceof Bound.Fixed(Constant first)
        && arguments.get(1) instanceof Bound.Fixed(Constant second)) {
      double[] result = {first.real()};
      kernel.apply(result, new double[] {second.real()}, 1);
      return new Bound.Fixed(result[0]);
    }
    return ArithmeticBinder.reals(kernel, arguments.get(0), arguments.get(1));
  }

  private static Bound absolute(Bound operand) {
    if (operand instanceof Bound.Fixed(Constant constant)) {
      BigInteger whole = constant.whole();
      return new Bound.Fixed(
          new Constant(Math.abs(constant.real()), whole == null ? null : whole.abs()));
    }
    if (operand instanceof Bound.Whole whole) {
      return whole.unsigned()
          ? whole
          : ArithmeticBinder.integer(IntegerKernels::absolute, "abs", whole);
    }
    return ArithmeticBinder.real(Math::abs, operand);
  }

  /** The least or greatest of several numbers; null if one of them is. */
  private Bound extreme(
      Expression.Call call,
      List<Bound> arguments,
      RealKernels.Binary real,
      IntegerKernels.Binary integer) {
    requireNumbers(call, arguments, Math.max(arguments.size(), 2));
    Bound result = arguments.getFirst();
    for (Bound next : arguments.subList(1, arguments.size())) {
      boolean fixed = result instanceof Bound.Fixed && next instanceof Bound.Fixed;
      if (fixed) {
        result = ofTwo(real, List.of(result, next));
      } else if (result.isSigned() && next.isSigned()) {
        result = ArithmeticBinder.integers(integer, call.function(), result, next);
      } else {
        result = ArithmeticBinder.reals(real, result, next);
      }
    }
    return result;
  }

  /** Whether something has no value. */
  static TruthNode isNull(Bound operand) {
    return switch (operand) {
      case Bound.Fixed(Constant constant) -> Logic.constant(Truth.of(constant.isNull()));
      case Bound.Real(RealNode node) ->
          ZonedNode.ofReals(ofReals(node, RealKernels::isNan), node, Possible::isNull);
      case Bound.Whole(IntegerNode node, _) -> isNull(node);
      case Bound.Truths(TruthNode node) -> Logic.isUnknown(node);
      case Bound.FixedText _ -> Logic.constant(Truth.FALSE);
      case Bound.TextColumn(int column) -> ComparisonBinder.ask(column, TextKernels::isNull);
    };
  }

  private static TruthNode isNull(IntegerNode node) {
    TruthNode truths =
        e -> {
          Integers numbers = node.of(e);
          byte[] result = e.borrowTruths();
          for (int i = 0; i < e.count(); i++) {
            result[i] = Truth.of(numbers.nulls[i] != 0);
          }
          e.giveBack(numbers);
          return result;
        };
    return ZonedNode.ofIntegers(truths, node, Possible::isNull);
  }

  private static TruthNode isFinite(Bound operand) {
    RealNode node = operand.reals();
    return ZonedNode.ofReals(ofReals(node, RealKernels::isFinite), node, Possible::isFinite);
  }

  /** Asks something of each number. */
  @FunctionalInterface
  private interface RealQuestion {
    void ask(double[] values, byte[] into, int n);
  }

  private static TruthNode ofReals(RealNode node, RealQuestion question) {
    return e -> {
      double[] values = node.of(e);
      byte[] truths = e.borrowTruths();
      question.ask(values, truths, e.count());
      e.giveBack(values);
      return truths;
    };
  }

  private TruthNode pattern(
      Expression.Call call, Function<byte[], LikePattern> kind, List<Bound> arguments) {
    if (arguments.size() == 2
        && arguments.get(0) instanceof Bound.TextColumn(int column)
        && arguments.get(1) instanceof Bound.FixedText(byte[] text)) {
      LikePattern pattern = kind.apply(text);
      return ComparisonBinder.ask(
          column, (texts, truths, n) -> TextKernels.like(texts, pattern, truths, n));
    }
    throw wrong(call, "takes a column of texts and a text in quotes");
  }

  private TruthNode cone(Expression.Call call, List<Bound> arguments) {
    requireNumbers(call, arguments, 5);
    double ra = constant(call, arguments.get(2));
    double dec = constant(call, arguments.get(3));
    double radius = constant(call, arguments.get(4));
    if (Math.abs(dec) > 90 || radius < 0) {
      throw wrong(call, "takes a declination from -90 to 90 and a radius from 0, in degrees");
    }
    return new ConeNode(
        new Cone(ra, dec, radius), arguments.get(0).reals(), arguments.get(1).reals());
  }

  private double constant(Expression.Call call, Bound argument) {
    if (argument instanceof Bound.Fixed(Constant number) && Double.isFinite(number.real())) {
      return number.real();
    }
    throw wrong(call, "takes two columns, and the centre and radius as constants");
  }
}
