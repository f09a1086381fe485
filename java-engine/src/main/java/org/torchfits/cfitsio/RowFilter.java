package org.torchfits.cfitsio;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/**
 * Looks through an expression of cfitsio's row filter before cfitsio does, and refuses what would
 * open other files, and what its parser has no room for: that copies words and texts into arrays of
 * 256 bytes, a digit of a hexadecimal mask as four of them, and climbs down into brackets.
 */
final class RowFilter {
  private static final int MOST_CHARACTERS = 2000;
  private static final int MOST_WORD = 48;
  private static final int MOST_TEXT = 200;
  private static final int MOST_BRACKETS = 100;

  /** What a name in dollars, a text or a word is; anything else stands alone. */
  private static final Pattern PART =
      Pattern.compile("'[^']*'|\"[^\"]*\"|\\$[^$]*\\$|[#A-Za-z0-9_.]+|[^'\"$]");

  private static final Pattern OPENS_FILES =
      Pattern.compile("gtifilter|gtifind|gtioverlap|regfilter");

  /** Of a large mean it does not end. */
  private static final String ENDLESS = "randomp";

  /** What they give for a row depends on those before it. */
  private static final Pattern OF_MANY_ROWS = Pattern.compile("accum|seqdiff");

  private final String expression;
  private boolean ofManyRows;

  private RowFilter(String expression) {
    this.expression = expression;
  }

  /**
   * Looks through an expression.
   *
   * @return whether it has to see all rows in one call
   * @throws FitsException of kind BAD_EXPRESSION
   */
  static boolean check(String expression) {
    RowFilter filter = new RowFilter(expression);
    filter.checkCharacters();
    filter.checkParts();
    return filter.ofManyRows;
  }

  private void checkCharacters() {
    if (expression.isBlank() || expression.length() > MOST_CHARACTERS) {
      throw bad("it has " + expression.length() + " characters; from 1 to " + MOST_CHARACTERS);
    }
    if (expression.chars().anyMatch(c -> c < ' ' || c > '~')) {
      throw bad("it has characters that are no printable ASCII");
    }
  }

  private void checkParts() {
    Matcher part = PART.matcher(expression);
    int at = 0;
    int depth = 0;
    while (part.find()) {
      if (part.start() != at) {
        break;
      }
      at = part.end();
      String text = part.group();
      depth += depth(text);
      checkPart(text);
      if (depth > MOST_BRACKETS) {
        throw bad("more than " + MOST_BRACKETS + " brackets and signs");
      }
    }
    if (at < expression.length()) {
      throw bad("a quote or $ that is never closed");
    }
  }

  /** Signs may be as deep as brackets. How deep they are is not asked: all of them count. */
  private static int depth(String part) {
    return switch (part) {
      case "(", "[", "{", "-", "!", "+" -> 1;
      default -> 0;
    };
  }

  private void checkPart(String part) {
    char first = part.charAt(0);
    if (first == '@') {
      throw bad("it may not be read from another file (@)");
    }
    boolean quoted = first == '\'' || first == '"' || first == '$';
    if (part.length() > (quoted ? MOST_TEXT : MOST_WORD)) {
      throw bad("a word or text of " + part.length() + " characters is too long for cfitsio");
    }
    String lower = quoted ? "" : part.toLowerCase(Locale.ROOT);
    if (OPENS_FILES.matcher(lower).matches()) {
      throw bad(part + " opens other files, which is not allowed here");
    }
    if (lower.equals(ENDLESS)) {
      throw bad(part + " may never end, and is not allowed here");
    }
    ofManyRows |= OF_MANY_ROWS.matcher(lower).matches();
  }

  private FitsException bad(String reason) {
    String start = expression.length() > 100 ? expression.substring(0, 100) + "..." : expression;
    return new FitsException(ErrorKind.BAD_EXPRESSION, "row filter [" + start + "]: " + reason);
  }
}
