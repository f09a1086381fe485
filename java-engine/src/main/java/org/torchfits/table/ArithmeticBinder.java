package org.torchfits.table;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.jspecify.annotations.Nullable;
import org.torchfits.table.Evaluation.IntegerNode;
import org.torchfits.table.Evaluation.RealNode;
import org.torchfits.table.Evaluation.TruthNode;

/**
 * Makes nodes of operators. Integers stay integers, exactly, under {@code + - * % & | ~}; unsigned
 * ones of 64 bits become real numbers. Constants are computed at once.
 */
final class ArithmeticBinder {
  private static final Map<String, RealKernels.Binary> REAL =
      Map.of(
          "+", RealKernels::add,
          "-", RealKernels::subtract,
          "*", RealKernels::multiply,
          "/", RealKernels::divide,
          "%", RealKernels::remainder,
          "**", RealKernels::power);

  private static final Map<String, IntegerKernels.Binary> INTEGER =
      Map.of(
          "+", IntegerKernels::add,
          "-", IntegerKernels::subtract,
          "*", IntegerKernels::multiply,
          "%", IntegerKernels::remainder,
          "&", IntegerKernels::bitAnd,
          "|", IntegerKernels::bitOr);

  private final ExpressionText source;

  ArithmeticBinder(ExpressionText source) {
    this.source = source;
  }

  /** What an operator makes of what stands on its two sides. */
  Bound binary(Expression.Arithmetic arithmetic, Bound left, Bound right) {
    String operator = arithmetic.operator();
    boolean ofBits = operator.equals("&") || operator.equals("|");
    if (ofBits
        && left instanceof Bound.Truths(TruthNode first)
        && right instanceof Bound.Truths(TruthNode second)) {
      List<TruthNode> parts = List.of(first, second);
      return new Bound.Truths(operator.equals("&") ? Logic.all(parts) : Logic.any(parts));
    }
    Bound numbers = left.isNumber() && right.isNumber() ? numbers(operator, left, right) : null;
    if (numbers == null) {
      String needs = ofBits ? "two conditions (in brackets) or two integers" : "two numbers";
      String found = left.describe() + " and " + right.describe();
      throw source.error(
          arithmetic.position(), "'" + operator + "' needs " + needs + ", not " + found);
    }
    return numbers;
  }

  /** Null for bits of what is no integer. */
  private static @Nullable Bound numbers(String operator, Bound left, Bound right) {
    if (left instanceof Bound.Fixed(Constant first)
        && right instanceof Bound.Fixed(Constant second)) {
      return constants(operator, first, second);
    }
    IntegerKernels.Binary integer = INTEGER.get(operator);
    if (integer != null && left.isSigned() && right.isSigned()) {
      return integers(integer, operator, left, right);
    }
    RealKernels.Binary real = REAL.get(operator);
    return real == null ? null : reals(real, left, right);
  }

  private static @Nullable Bound constants(String operator, Constant left, Constant right) {
    if (left.whole() != null && right.whole() != null && INTEGER.containsKey(operator)) {
      return new Bound.Fixed(wholes(operator, left.whole(), right.whole()));
    }
    RealKernels.Binary real = REAL.get(operator);
    if (real == null) {
      return null;
    }
    double[] result = {left.real()};
    real.apply(result, new double[] {right.real()}, 1);
    return new Bound.Fixed(result[0]);
  }

  private static Constant wholes(String operator, BigInteger left, BigInteger right) {
    return switch (operator) {
      case "+" -> Constant.of(left.add(right));
      case "-" -> Constant.of(left.subtract(right));
      case "*" -> Constant.of(left.multiply(right));
      case "&" -> Constant.of(left.and(right));
      case "|" -> Constant.of(left.or(right));
      default -> remainder(left, right);
    };
  }

  /** Of the sign of the divisor; null for a divisor of 0. */
  private static Constant remainder(BigInteger left, BigInteger right) {
    if (right.signum() == 0) {
      return Constant.of(Double.NaN);
    }
    BigInteger remainder = left.mod(right.abs());
    boolean ofOtherSign = remainder.signum() != 0 && right.signum() < 0;
    return Constant.of(ofOtherSign ? remainder.add(right) : remainder);
  }

  /** Two real numbers for each row. */
  static Bound reals(RealKernels.Binary kernel, Bound left, Bound right) {
    RealNode first = left.reals();
    RealNode second = right.reals();
    return new Bound.Real(e -> {
      double[] result = first.of(e);
      double[] operand = second.of(e);
      kernel.apply(result, operand, e.count());
      e.giveBack(operand);
      return result;
    });
  }

  /**
   * Two integers for each row.
   *
   * @param operation as errors call it
   */
  static Bound integers(IntegerKernels.Binary kernel, String operation, Bound left, Bound right) {
    IntegerNode first = left.integers();
    IntegerNode second = right.integers();
    IntegerNode node =
        e -> {
          Integers result = first.of(e);
          Integers operand = second.of(e);
          int bad = kernel.apply(result, operand, e.count());
          if (bad < e.count()) {
            long value = result.values[bad];
            throw e.overflow(bad, value + " " + operation + " " + operand.values[bad]);
          }
          e.giveBack(operand);
          return result;
        };
    return new Bound.Whole(node, false);
  }

  /** One real number for each row. */
  static Bound real(DoubleUnaryOperator function, Bound operand) {
    if (operand instanceof Bound.Fixed(Constant constant)) {
      return new Bound.Fixed(function.applyAsDouble(constant.real()));
    }
    RealNode node = operand.reals();
    return new Bound.Real(e -> {
      double[] result = node.of(e);
      RealKernels.map(result, function, e.count());
      return result;
    });
  }

  /** {@code -}, {@code +} or {@code ~} of what stands behind it. */
  Bound prefixed(Expression.Prefixed prefixed, Bound operand) {
    char operator = prefixed.operator();
    if (operator == '~' && operand instanceof Bound.Truths(TruthNode node)) {
      return new Bound.Truths(Logic.not(node));
    }
    boolean possible = operator == '~' ? operand.isSigned() : operand.isNumber();
    if (!possible) {
      String needs = operator == '~' ? "a condition or an integer" : "a number";
      throw source.error(
          prefixed.position(), "'" + operator + "' needs " + needs + ", not " + operand.describe());
    }
    return switch (operator) {
      case '-' -> negation(operand);
      case '~' -> complement(operand);
      default -> operand;
    };
  }

  private static Bound negation(Bound operand) {
    if (operand instanceof Bound.Fixed(Constant constant)) {
      return new Bound.Fixed(constant.negated());
    }
    return operand.isSigned()
        ? integer(IntegerKernels::negate, "-", operand)
        : real(value -> -value, operand);
  }

  private static Bound complement(Bound operand) {
    if (operand instanceof Bound.Fixed(Constant constant) && constant.whole() != null) {
      return new Bound.Fixed(Constant.of(constant.whole().not()));
    }
    return integer(IntegerKernels::complement, "~", operand);
  }

  /**
   * One integer for each row.
   *
   * @param operation as errors call it
   */
  static Bound integer(IntegerKernels.Unary kernel, String operation, Bound operand) {
    IntegerNode node = operand.integers();
    IntegerNode result =
        e -> {
          Integers numbers = node.of(e);
          int bad = kernel.apply(numbers, e.count());
          if (bad < e.count()) {
            throw e.overflow(bad, operation + "(" + numbers.values[bad] + ")");
          }
          return numbers;
        };
    return new Bound.Whole(result, false);
  }
}
