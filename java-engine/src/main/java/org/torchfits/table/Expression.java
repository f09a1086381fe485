package org.torchfits.table;

import java.math.BigInteger;
import java.util.List;

/**
 * A condition on the rows of a table, or a part of one, as {@link ExpressionParser} makes it of a
 * text. Which columns there are, and of which type, is not known here.
 */
sealed interface Expression {
  /** Where in the text errors about this point to, in characters from 0. */
  int position();

  /** An integer constant. */
  record Whole(int position, BigInteger value) implements Expression {}

  /** A real constant. */
  record Real(int position, double value) implements Expression {}

  /** A text constant. */
  record Text(int position, String value) implements Expression {}

  /**
   * A column, or a constant such as {@code pi} if there is no such column.
   *
   * @param quoted whether it stands in backticks, and is a column
   */
  record Name(int position, String text, boolean quoted) implements Expression {}

  /** {@code not}. */
  record Not(int position, Expression operand) implements Expression {}

  /** {@code and}: all parts hold. */
  record All(int position, List<Expression> parts) implements Expression {}

  /** {@code or}: any part holds. */
  record Any(int position, List<Expression> parts) implements Expression {}

  /**
   * Neighbours are in relation to each other: {@code a < b}, {@code a <= b < c}, {@code b between a
   * and c}.
   *
   * @param relations one less than operands
   */
  record Chain(int position, List<Expression> operands, List<Relation> relations)
      implements Expression {}

  /** {@code in}: the operand is one of the values. */
  record Membership(int position, Expression operand, List<Expression> values)
      implements Expression {}

  /** {@code is null}. */
  record IsNull(int position, Expression operand) implements Expression {}

  /** {@code like}. */
  record Like(int position, Expression operand, Text pattern) implements Expression {}

  /** {@code - + ~} in front of something. */
  record Prefixed(int position, char operator, Expression operand) implements Expression {}

  /** Two operands and what stands between them: {@code + - * / % ** & |}. */
  record Arithmetic(int position, String operator, Expression left, Expression right)
      implements Expression {}

  /** A function of its arguments. */
  record Call(int position, String function, List<Expression> arguments) implements Expression {}
}
