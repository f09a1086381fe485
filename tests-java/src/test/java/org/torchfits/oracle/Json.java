package org.torchfits.oracle;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A value of JSON as Python writes it, with NaN and Infinity. */
public final class Json {
  private static final Object NULL = new Object();

  private final Object value;

  private Json(Object value) {
    this.value = value;
  }

  public static Json parse(String text) {
    return new Json(new Parser(text).value());
  }

  public boolean isNull() {
    return value == NULL;
  }

  public boolean has(String key) {
    return ((Map<?, ?>) value).containsKey(key);
  }

  public Json get(String key) {
    Object found = ((Map<?, ?>) value).get(key);
    if (found == null) {
      throw new IllegalArgumentException("no " + key + " in " + value);
    }
    return new Json(found);
  }

  public List<Json> list() {
    return ((List<?>) value).stream().map(Json::new).toList();
  }

  public boolean asBoolean() {
    return (Boolean) value;
  }

  public String asString() {
    return (String) value;
  }

  /** A number; NaN for null. */
  public double asDouble() {
    return isNull() ? Double.NaN : Double.parseDouble(((NumberToken) value).token());
  }

  public long asLong() {
    return Long.parseLong(((NumberToken) value).token());
  }

  private record NumberToken(String token) {}

  private static final class Parser {
    private final String text;
    private int at;

    Parser(String text) {
      this.text = text;
    }

    Object value() {
      return switch (peek()) {
        case '{' -> object();
        case '[' -> array();
        case '"' -> string();
        default -> word();
      };
    }

    private char peek() {
      while (text.charAt(at) == ' ') {
        at++;
      }
      return text.charAt(at);
    }

    /** Whether the next character is {@code wanted}, which is passed then. */
    private boolean pass(char wanted) {
      boolean there = peek() == wanted;
      at += there ? 1 : 0;
      return there;
    }

    private Map<String, Object> object() {
      Map<String, Object> members = new HashMap<>();
      for (at++; !pass('}'); pass(',')) {
        peek();
        String key = string();
        pass(':');
        members.put(key, value());
      }
      return members;
    }

    private List<Object> array() {
      List<Object> elements = new ArrayList<>();
      for (at++; !pass(']'); pass(',')) {
        elements.add(value());
      }
      return elements;
    }

    private String string() {
      StringBuilder characters = new StringBuilder();
      for (at++; text.charAt(at) != '"'; at++) {
        characters.append(text.charAt(at) == '\\' ? escaped() : text.charAt(at));
      }
      at++;
      return characters.toString();
    }

    private char escaped() {
      char code = text.charAt(++at);
      return switch (code) {
        case 'n' -> '\n';
        case 't' -> '\t';
        case 'r' -> '\r';
        case 'u' -> codeUnit();
        default -> code;
      };
    }

    private char codeUnit() {
      int start = at + 1;
      at += 4;
      return (char) Integer.parseInt(text, start, start + 4, 16);
    }

    private Object word() {
      int start = at;
      while (at < text.length() && ",]} ".indexOf(text.charAt(at)) < 0) {
        at++;
      }
      String word = text.substring(start, at);
      return switch (word) {
        case "true", "false" -> Boolean.valueOf(word);
        case "null" -> NULL;
        default -> new NumberToken(word);
      };
    }
  }
}
