package org.torchfits.table;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What a text may look like: parts that follow each other, with anything between them.
 *
 * @param parts of bytes; {@link #ANY} for a byte that may be any
 */
record LikePattern(List<int[]> parts) {
  private static final int ANY = -1;

  /**
   * A pattern of SQL's {@code like}: {@code %} stands for any bytes, {@code _} for any one, and a
   * backslash takes the meaning from the character behind it.
   */
  static LikePattern of(byte[] pattern) {
    List<int[]> parts = new ArrayList<>();
    int[] part = new int[pattern.length];
    int length = 0;
    boolean escaped = false;
    for (byte symbol : pattern) {
      if (!escaped && symbol == '%') {
        parts.add(Arrays.copyOf(part, length));
        length = 0;
      } else if (escaped || symbol != '\\') {
        part[length++] = !escaped && symbol == '_' ? ANY : symbol & 0xFF;
      }
      escaped = !escaped && symbol == '\\';
    }
    if (escaped) {
      part[length++] = '\\';
    }
    parts.add(Arrays.copyOf(part, length));
    return new LikePattern(parts);
  }

  /** Texts that begin with that one. */
  static LikePattern prefix(byte[] text) {
    return new LikePattern(List.of(literal(text), new int[0]));
  }

  /** Texts that end with that one. */
  static LikePattern suffix(byte[] text) {
    return new LikePattern(List.of(new int[0], literal(text)));
  }

  /** Texts that have that one in them. */
  static LikePattern infix(byte[] text) {
    return new LikePattern(List.of(new int[0], literal(text), new int[0]));
  }

  private static int[] literal(byte[] text) {
    int[] part = new int[text.length];
    for (int i = 0; i < text.length; i++) {
      part[i] = text[i] & 0xFF;
    }
    return part;
  }

  /** Each part is taken where it comes first: what is behind it then has most room. */
  boolean matches(byte[] bytes, int from, int end) {
    int[] first = parts.getFirst();
    int[] last = parts.getLast();
    if (parts.size() == 1) {
      return end - from == first.length && isAt(first, bytes, from);
    }
    int stop = end - last.length;
    if (stop - from < first.length || !isAt(first, bytes, from) || !isAt(last, bytes, stop)) {
      return false;
    }
    int at = from + first.length;
    for (int[] part : parts.subList(1, parts.size() - 1)) {
      at = find(part, bytes, at, stop);
      if (at < 0) {
        return false;
      }
      at += part.length;
    }
    return true;
  }

  private static int find(int[] part, byte[] bytes, int from, int end) {
    for (int at = from; at <= end - part.length; at++) {
      if (isAt(part, bytes, at)) {
        return at;
      }
    }
    return -1;
  }

  private static boolean isAt(int[] part, byte[] bytes, int at) {
    for (int i = 0; i < part.length; i++) {
      if (part[i] != ANY && part[i] != (bytes[at + i] & 0xFF)) {
        return false;
      }
    }
    return true;
  }
}
