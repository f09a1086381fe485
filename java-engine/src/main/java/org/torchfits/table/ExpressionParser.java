package org.torchfits.table;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.FitsException;

/**
 * Makes an {@link Expression} of a text. What binds tighter comes later:
 *
 * <pre>
 * or ||
 * and &&
 * not !
 * = == != <> < <= > >=, in, between, like, is null, each also with not
 * |
 * &
 * + -
 * * / %
 * - + ~ in front of something
 * **
 * </pre>
 *
 * <p>So {@code &} and {@code |} bind as in Python, tighter than comparisons. Comparisons chain:
 * {@code 0 < a <= 1}. Words of the language and names of functions may be in upper or lower case.
 * Texts stand in single or double quotes, names of columns that are not plain words in backticks; a
 * doubled quote stands for itself.
 */
final class ExpressionParser {
  /** Levels of parentheses, prefixes, functions and operators of one another. */
  static final int MOST_LEVELS = 200;

  /** Longer integers are beyond all columns, and become real. */
  private static final int MOST_DIGITS = 25;

  private static final Map<String, Relation> RELATIONS =
      Map.of(
          "=", Relation.EQUAL,
          "==", Relation.EQUAL,
          "!=", Relation.NOT_EQUAL,
          "<>", Relation.NOT_EQUAL,
          "<", Relation.LESS,
          "<=", Relation.LESS_OR_EQUAL,
          ">", Relation.GREATER,
          ">=", Relation.GREATER_OR_EQUAL);

  private static final Map<String, Integer> PRECEDENCE =
      Map.of("|", 1, "&", 2, "+", 3, "-", 3, "*", 4, "/", 4, "%", 4);

  private final ExpressionText source;
  private final Lexer lexer;
  private Token token;
  private int level;

  private ExpressionParser(ExpressionText source) {
    this.source = source;
    this.lexer = new Lexer(source);
    this.token = lexer.next();
  }

  /**
   * Parses a text.
   *
   * @throws FitsException of kind BAD_EXPRESSION that shows where the text is wrong
   */
  static Expression parse(ExpressionText source) {
    ExpressionParser parser = new ExpressionParser(source);
    Expression expression = parser.any();
    if (parser.token.kind() != Token.Kind.END) {
      throw parser.unexpected("an operator or the end");
    }
    return expression;
  }

  private Expression any() {
    descend();
    int position = token.position();
    List<Expression> parts = new ArrayList<>(List.of(all()));
    while (accept("or") || accept("||")) {
      parts.add(all());
    }
    ascend(1);
    return parts.size() == 1 ? parts.getFirst() : new Expression.Any(position, parts);
  }

  private Expression all() {
    int position = token.position();
    List<Expression> parts = new ArrayList<>(List.of(negated()));
    while (accept("and") || accept("&&")) {
      parts.add(negated());
    }
    return parts.size() == 1 ? parts.getFirst() : new Expression.All(position, parts);
  }

  private Expression negated() {
    int position = token.position();
    if (!accept("not") && !accept("!")) {
      return comparison();
    }
    descend();
    Expression operand = negated();
    ascend(1);
    return new Expression.Not(position, operand);
  }

  private Expression comparison() {
    Expression left = arithmetic(1);
    int position = token.position();
    if (isRelation()) {
      return chain(left);
    }
    boolean negative = accept("not");
    Expression test = test(left, position);
    if (test != null) {
      return negative ? new Expression.Not(position, test) : test;
    }
    if (negative) {
      throw unexpected("in, between or like");
    }
    return accept("is") ? isNull(left, position) : left;
  }

  private Expression chain(Expression first) {
    int position = token.position();
    List<Expression> operands = new ArrayList<>(List.of(first));
    List<Relation> relations = new ArrayList<>();
    while (isRelation()) {
      relations.add(RELATIONS.get(take().text()));
      operands.add(arithmetic(1));
    }
    return new Expression.Chain(position, operands, relations);
  }

  private boolean isRelation() {
    return token.kind() == Token.Kind.SYMBOL && RELATIONS.containsKey(token.text());
  }

  private Expression isNull(Expression operand, int position) {
    boolean negative = accept("not");
    if (token.kind() != Token.Kind.NAME || !token.text().equalsIgnoreCase("null")) {
      throw unexpected("null");
    }
    take();
    Expression test = new Expression.IsNull(position, operand);
    return negative ? new Expression.Not(position, test) : test;
  }

  /** What follows the operand of a test that may have {@code not} in front; null if none does. */
  private @Nullable Expression test(Expression operand, int position) {
    if (accept("in")) {
      return new Expression.Membership(position, operand, list());
    }
    if (accept("between")) {
      return between(operand, position);
    }
    return accept("like") ? new Expression.Like(position, operand, pattern()) : null;
  }

  private Expression between(Expression operand, int position) {
    Expression low = arithmetic(1);
    expect("and");
    Expression high = arithmetic(1);
    List<Relation> relations = List.of(Relation.LESS_OR_EQUAL, Relation.LESS_OR_EQUAL);
    return new Expression.Chain(position, List.of(low, operand, high), relations);
  }

  private Expression.Text pattern() {
    if (token.kind() != Token.Kind.TEXT) {
      throw unexpected("a pattern in quotes");
    }
    Token pattern = take();
    return new Expression.Text(pattern.position(), pattern.text());
  }

  /** One value at least, in parentheses. */
  private List<Expression> list() {
    expect("(");
    List<Expression> values = new ArrayList<>();
    do {
      values.add(any());
    } while (accept(","));
    expect(")");
    return values;
  }

  /** Operators that bind at least so tight. A chain of them is a tree as deep as it is long. */
  private Expression arithmetic(int precedence) {
    Expression left = prefixed();
    int chained = 0;
    for (int next = precedence(); next >= precedence; next = precedence()) {
      descend();
      chained++;
      Token operator = take();
      Expression right = arithmetic(next + 1);
      left = new Expression.Arithmetic(operator.position(), operator.text(), left, right);
    }
    ascend(chained);
    return left;
  }

  private int precedence() {
    return token.kind() == Token.Kind.SYMBOL ? PRECEDENCE.getOrDefault(token.text(), 0) : 0;
  }

  private Expression prefixed() {
    if (!token.is("-") && !token.is("+") && !token.is("~")) {
      return power();
    }
    descend();
    Token operator = take();
    Expression operand = prefixed();
    ascend(1);
    if (operator.is("-") && operand instanceof Expression.Whole whole) {
      return new Expression.Whole(operator.position(), whole.value().negate());
    }
    return new Expression.Prefixed(operator.position(), operator.text().charAt(0), operand);
  }

  private Expression power() {
    Expression base = primary();
    if (!token.is("**")) {
      return base;
    }
    descend();
    Token operator = take();
    Expression exponent = prefixed();
    ascend(1);
    return new Expression.Arithmetic(operator.position(), operator.text(), base, exponent);
  }

  private Expression primary() {
    if (accept("(")) {
      Expression inner = any();
      expect(")");
      return inner;
    }
    return switch (token.kind()) {
      case NUMBER -> number(take());
      case TEXT -> pattern();
      case NAME -> nameOrCall(take());
      case QUOTED_NAME -> new Expression.Name(token.position(), take().text(), true);
      case WORD, SYMBOL, END -> throw unexpected("a value");
    };
  }

  private Expression number(Token number) {
    String text = number.text();
    if (text.startsWith("0x") || text.startsWith("0X")) {
      return hexadecimal(number, text.substring(2));
    }
    boolean whole = text.chars().allMatch(c -> c >= '0' && c <= '9');
    return whole && text.length() <= MOST_DIGITS
        ? new Expression.Whole(number.position(), new BigInteger(text))
        : new Expression.Real(number.position(), Double.parseDouble(text));
  }

  private Expression hexadecimal(Token number, String digits) {
    if (digits.isEmpty() || digits.length() > MOST_DIGITS) {
      throw source.error(number.position(), "not a number of up to 64 bits");
    }
    return new Expression.Whole(number.position(), new BigInteger(digits, 16));
  }

  private Expression nameOrCall(Token name) {
    return token.is("(")
        ? new Expression.Call(name.position(), name.text().toLowerCase(Locale.ROOT), list())
        : new Expression.Name(name.position(), name.text(), false);
  }

  private Token take() {
    Token taken = token;
    token = lexer.next();
    return taken;
  }

  private boolean accept(String word) {
    boolean accepted = token.is(word);
    if (accepted) {
      take();
    }
    return accepted;
  }

  private void expect(String word) {
    if (!accept(word)) {
      throw unexpected("'" + word + "'");
    }
  }

  private void descend() {
    if (++level > MOST_LEVELS) {
      throw source.error(token.position(), "more than " + MOST_LEVELS + " levels deep");
    }
  }

  private void ascend(int levels) {
    level -= levels;
  }

  private FitsException unexpected(String expected) {
    return source.error(token.position(), "expected " + expected + ", found " + token.shown());
  }
}
