package org.torchfits.table;

import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Cuts an expression into tokens. */
final class Lexer {
  private static final Set<String> WORDS =
      Set.of("and", "or", "not", "in", "between", "like", "is");

  /** Longer ones come first. */
  private static final List<String> SYMBOLS =
      List.of(
          "**", "==", "!=", "<>", "<=", ">=", "&&", "||", "<", ">", "=", "!", "&", "|", "~", "+",
          "-", "*", "/", "%", "(", ")", ",");

  private final ExpressionText source;
  private final String text;
  private int at;

  Lexer(ExpressionText source) {
    this.source = source;
    this.text = source.text();
  }

  /** The next token; END again and again at the end. */
  Token next() {
    skipBlanks();
    int start = at;
    int c = current();
    if (c < 0) {
      return new Token(Token.Kind.END, "", start);
    }
    if (isDigit(c) || (c == '.' && isDigit(charAt(at + 1)))) {
      return number();
    }
    if (isNameStart(c)) {
      return word();
    }
    return switch (c) {
      case '\'', '"' -> new Token(Token.Kind.TEXT, quoted((char) c), start);
      case '`' -> new Token(Token.Kind.QUOTED_NAME, quoted('`'), start);
      default -> symbol();
    };
  }

  private void skipBlanks() {
    while (current() == ' ' || (current() >= '\t' && current() <= '\r')) {
      at++;
    }
  }

  private int current() {
    return charAt(at);
  }

  private int charAt(int index) {
    return index < text.length() ? text.charAt(index) : -1;
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isNameStart(int c) {
    return c == '_' || Character.isLetter(c);
  }

  private static boolean isNamePart(int c) {
    return isNameStart(c) || isDigit(c);
  }

  /** Up to the closing quote; a doubled one stands for itself. */
  private String quoted(char quote) {
    int start = at++;
    StringBuilder content = new StringBuilder();
    while (current() != quote || charAt(at + 1) == quote) {
      if (current() < 0) {
        throw source.error(start, "this " + quote + " is never closed");
      }
      at += current() == quote ? 1 : 0;
      content.append(text.charAt(at++));
    }
    at++;
    return content.toString();
  }

  private Token word() {
    int start = at;
    while (isNamePart(current())) {
      at++;
    }
    String word = text.substring(start, at);
    String lower = word.toLowerCase(Locale.ROOT);
    return WORDS.contains(lower)
        ? new Token(Token.Kind.WORD, lower, start)
        : new Token(Token.Kind.NAME, word, start);
  }

  /** Decimal digits with a fraction and an exponent, or {@code 0x} and hexadecimal ones. */
  private Token number() {
    int start = at;
    if (text.startsWith("0x", at) || text.startsWith("0X", at)) {
      at += 2;
      skipDigits(16);
    } else {
      skipDecimal();
    }
    if (isNamePart(current()) || current() == '.') {
      throw source.error(start, "not a number; a name that begins with a digit needs backticks");
    }
    return new Token(Token.Kind.NUMBER, text.substring(start, at), start);
  }

  private void skipDecimal() {
    skipDigits(10);
    if (current() == '.') {
      at++;
      skipDigits(10);
    }
    if (current() == 'e' || current() == 'E') {
      int sign = charAt(at + 1) == '+' || charAt(at + 1) == '-' ? 1 : 0;
      if (isDigit(charAt(at + 1 + sign))) {
        at += 1 + sign;
        skipDigits(10);
      }
    }
  }

  private void skipDigits(int radix) {
    while (current() >= 0 && current() < 0x80 && Character.digit(current(), radix) >= 0) {
      at++;
    }
  }

  private Token symbol() {
    for (String symbol : SYMBOLS) {
      if (text.startsWith(symbol, at)) {
        at += symbol.length();
        return new Token(Token.Kind.SYMBOL, symbol, at - symbol.length());
      }
    }
    throw source.error(at, "nothing can begin with this character");
  }
}
