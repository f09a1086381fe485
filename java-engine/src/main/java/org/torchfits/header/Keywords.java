package org.torchfits.header;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/** The values of one header by keyword. The first card of a keyword counts. */
public final class Keywords {
  private final String place;
  private final Map<String, String> values = new HashMap<>();

  /**
   * @param place file and HDU, as errors show them
   * @param cards as {@link HduReader#headerText} gives them
   */
  public Keywords(String place, String cards) {
    this.place = place;
    byte[] bytes = cards.getBytes(ISO_8859_1);
    for (int at = 0; at + Card.BYTES <= bytes.length; at += Card.BYTES) {
      if (Card.hasValue(bytes, at)) {
        values.putIfAbsent(cards.substring(at, at + 8).stripTrailing(), Card.value(bytes, at));
      }
    }
  }

  public boolean has(String keyword) {
    return values.containsKey(keyword);
  }

  /** The text of a string value; null if there is no such card. */
  public @Nullable String string(String keyword) {
    String value = values.get(keyword);
    if (value == null) {
      return null;
    }
    if (!value.startsWith("'")) {
      throw invalid(keyword, value);
    }
    return Card.string(value);
  }

  /** An integer that must be there and lie in [lowest, highest]. */
  public long integer(String keyword, long lowest, long highest) {
    String value = values.get(keyword);
    if (value == null) {
      throw bad(keyword + " is missing");
    }
    OptionalLong number = Card.integer(value);
    if (number.isEmpty() || number.getAsLong() < lowest || number.getAsLong() > highest) {
      throw invalid(keyword, value);
    }
    return number.getAsLong();
  }

  /** An integer that, if it is there, lies in [lowest, highest]. */
  public long integer(String keyword, long absent, long lowest, long highest) {
    return has(keyword) ? integer(keyword, lowest, highest) : absent;
  }

  /** A real number. */
  public double real(String keyword, double absent) {
    String value = values.get(keyword);
    return value == null ? absent : Card.real(value).orElseThrow(() -> invalid(keyword, value));
  }

  /** The value as text, whatever it is; null if there is no such card. */
  public @Nullable String text(String keyword) {
    String value = values.get(keyword);
    return value != null && value.startsWith("'") ? Card.string(value) : value;
  }

  /** Whether the value is T. */
  public boolean isTrue(String keyword) {
    return "T".equals(values.get(keyword));
  }

  /** A real number; NaN if the card holds none. */
  public double realOrNan(String keyword, double absent) {
    String value = values.get(keyword);
    return value == null ? absent : Card.real(value).orElse(Double.NaN);
  }

  /** The error of a header that cannot be followed. */
  public FitsException bad(String reason) {
    return new FitsException(ErrorKind.BAD_HEADER, place + ": " + reason);
  }

  private FitsException invalid(String keyword, String value) {
    return bad(keyword + " = " + value + " is not a valid value");
  }
}
