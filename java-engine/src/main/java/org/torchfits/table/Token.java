package org.torchfits.table;

/**
 * A word of an expression.
 *
 * @param text of a number or symbol as it stands there; of a text or a quoted name what is between
 *     the quotes; of a word of the language in lower case
 * @param position of its first character, from 0
 */
record Token(Kind kind, String text, int position) {
  /** What a word is. */
  enum Kind {
    NUMBER("a number"),
    TEXT("a text"),
    NAME("a name"),
    QUOTED_NAME("a name"),
    /** A word that no column can be called without backticks. */
    WORD("a word"),
    SYMBOL("a symbol"),
    END("the end");

    private final String article;

    Kind(String article) {
      this.article = article;
    }
  }

  boolean is(String word) {
    return (kind == Kind.WORD || kind == Kind.SYMBOL) && text.equals(word);
  }

  /** As errors call it. */
  String shown() {
    if (kind == Kind.END) {
      return kind.article;
    }
    String start = text.length() > 20 ? text.substring(0, 20) + "..." : text;
    return kind == Kind.TEXT ? kind.article : "'" + start + "'";
  }
}
