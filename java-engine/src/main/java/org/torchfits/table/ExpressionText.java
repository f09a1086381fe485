package org.torchfits.table;

import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/**
 * What a user wrote, and errors that show where in it something is wrong.
 *
 * @param text of at most {@link #MOST_CHARACTERS} characters
 */
record ExpressionText(String text) {
  /** Room for a list of some ten thousand numbers. */
  static final int MOST_CHARACTERS = 512 << 10;

  private static final int SHOWN_BEFORE = 50;
  private static final int SHOWN_BEHIND = 25;

  ExpressionText {
    if (text.length() > MOST_CHARACTERS) {
      throw new FitsException(
          ErrorKind.BAD_EXPRESSION,
          "an expression of " + text.length() + " characters; at most " + MOST_CHARACTERS);
    }
  }

  /**
   * The error of a bad expression: the reason, the part of the text around the position, and a line
   * with a caret below it.
   *
   * @param position in characters from 0
   */
  FitsException error(int position, String reason) {
    int from = Math.max(0, position - SHOWN_BEFORE);
    int to = Math.min(text.length(), position + SHOWN_BEHIND);
    String before = (from > 0 ? "..." : "") + shown(text.substring(from, position));
    String behind = shown(text.substring(position, to)) + (to < text.length() ? "..." : "");
    String caret = " ".repeat(before.codePointCount(0, before.length())) + "^";
    String where = "expression, character " + (text.codePointCount(0, position) + 1) + ": ";
    return new FitsException(
        ErrorKind.BAD_EXPRESSION, where + reason + "\n    " + before + behind + "\n    " + caret);
  }

  /** One character for each, none of which moves the next line. */
  private static String shown(String part) {
    StringBuilder shown = new StringBuilder(part.length());
    part.codePoints().forEach(c -> shown.appendCodePoint(isPrintable(c) ? c : '?'));
    return shown.toString();
  }

  private static boolean isPrintable(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.UNASSIGNED,
          Character.PRIVATE_USE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      default -> true;
    };
  }
}
