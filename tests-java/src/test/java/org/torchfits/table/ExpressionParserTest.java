package org.torchfits.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

class ExpressionParserTest {
  private static Expression parse(String text) {
    return ExpressionParser.parse(new ExpressionText(text));
  }

  /** With brackets around all that binds. */
  private static String shown(Expression expression) {
    return switch (expression) {
      case Expression.Whole whole -> whole.value().toString();
      case Expression.Real real -> Double.toString(real.value());
      case Expression.Text text -> "'" + text.value() + "'";
      case Expression.Name name -> name.quoted() ? "`" + name.text() + "`" : name.text();
      case Expression.Not not -> "(not " + shown(not.operand()) + ")";
      case Expression.All all -> joined(all.parts(), " and ");
      case Expression.Any any -> joined(any.parts(), " or ");
      case Expression.Chain chain -> chain(chain);
      case Expression.Membership in -> shown(in.operand()) + " in " + joined(in.values(), " ");
      case Expression.IsNull test -> "(" + shown(test.operand()) + " is null)";
      case Expression.Like like -> "(" + shown(like.operand()) + " like)";
      case Expression.Prefixed prefixed ->
          "(" + prefixed.operator() + shown(prefixed.operand()) + ")";
      case Expression.Arithmetic binary ->
          "(" + shown(binary.left()) + binary.operator() + shown(binary.right()) + ")";
      case Expression.Call call -> call.function() + joined(call.arguments(), " ");
    };
  }

  private static String joined(List<Expression> parts, String between) {
    return parts.stream()
        .map(ExpressionParserTest::shown)
        .collect(Collectors.joining(between, "(", ")"));
  }

  private static String chain(Expression.Chain chain) {
    StringBuilder text = new StringBuilder("(" + shown(chain.operands().getFirst()));
    for (int i = 0; i < chain.relations().size(); i++) {
      text.append(chain.relations().get(i).symbol()).append(shown(chain.operands().get(i + 1)));
    }
    return text.append(")").toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '"',
      textBlock =
          """
          a or b and not c = 1; (a or (b and (not (c=1))))
          not a and b; ((not a) and b)
          a + b * c ** d ** e; (a+(b*(c**(d**e))))
          a - b - c; ((a-b)-c)
          -a ** -b; (-(a**(-b)))
          - 5; -5
          ~a & b | c; (((~a)&b)|c)
          a & 4 != 0; ((a&4)!=0)
          a | b & c + d; (a|(b&(c+d)))
          a < b <= c != d; (a<b<=c!=d)
          a between b + 1 and c and d; (((b+1)<=a<=c) and d)
          a not between b and c; (not (b<=a<=c))
          a not in (1, -2) or b; ((not a in (1 -2)) or b)
          a is not null and not b is null; ((not (a is null)) and (not (b is null)))
          a like '%' and b not like 'x'; ((a like) and (not (b like)))
          a == b || c <> d && ! e; ((a=b) or ((c!=d) and (not e)))
          ATAN2(a, b) / 2 % c; ((atan2(a b)/2)%c)
          `a ``b` = 'it''s'; (`a `b`='it's')
          NOT a OR b BETWEEN 1 AND 2; ((not a) or (1<=b<=2))
          a = 1e3 or a = .5 or a = 0x1F; ((a=1000.0) or (a=0.5) or (a=31))
          a = 99999999999999999999999999; (a=1.0E26)
          """)
  void parse_precedence_isAsDocumented(String text, String expected) {
    assertEquals(expected, shown(parse(text)));
  }

  @Test
  void parse_minusOfIntegers_isTheirs() {
    assertEquals(
        new Expression.Whole(0, BigInteger.TWO.pow(63).negate()), parse("-9223372036854775808"));
    assertEquals(new Expression.Whole(0, BigInteger.TEN), parse("- -10"));
  }

  @Test
  void parse_calls_areInLowerCase() {
    Expression x = new Expression.Name(4, "X", false);
    assertEquals(new Expression.Call(0, "sin", List.of(x)), parse("SIN(X)"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "a b", "a =", "= a", "a not", "(a", "a)", "in (1)", "a in 1", "f(", "a,b"})
  void parse_bad_throws(String text) {
    FitsException thrown = assertThrows(FitsException.class, () -> parse(text));
    assertEquals(ErrorKind.BAD_EXPRESSION, thrown.kind());
  }

  @Test
  void error_longText_showsAPartWithTheCaretBelow() {
    String text = "a or ".repeat(100) + "\u0007 + \uD83D\uDE00" + " or b".repeat(100);
    FitsException thrown = assertThrows(FitsException.class, () -> parse(text));
    String[] lines = String.valueOf(thrown.getMessage()).split("\n", -1);
    assertTrue(lines[0].startsWith("expression, character 501: "), lines[0]);
    assertTrue(lines[1].startsWith("    ...a or a or") && lines[1].endsWith("..."), lines[1]);
    assertEquals('?', lines[1].charAt(lines[2].indexOf('^')));
  }

  @Test
  void parse_nestedAsFarAsAllowed_works() {
    int most = ExpressionParser.MOST_LEVELS - 1;
    assertEquals("a", shown(parse("(".repeat(most) + "a" + ")".repeat(most))));
    assertThrows(
        FitsException.class, () -> parse("(".repeat(most + 1) + "a" + ")".repeat(most + 1)));
  }
}
