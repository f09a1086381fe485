package org.torchfits.wcslib;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/**
 * Looks through a header before wcslib does, and refuses what wcslib would not survive: it
 * multiplies the number of axes as an int and allocates the product, and it uses lookup tables
 * ({@code -TAB}) that only their table HDU could give it.
 */
final class WcsHeader {
  static final int CARD_BYTES = 80;

  private static final Pattern MANY_AXES =
      Pattern.compile("(?:NAXIS   |WCSAXES[ A-Z])= *\\+?(0*[1-9]\\d{2,}).*");
  private static final Pattern LOOKUP_TABLE = Pattern.compile("CTYPE\\d+ *= *'[^']{4}-TAB.*");

  private WcsHeader() {}

  /**
   * Looks through all cards.
   *
   * @param cards 80 chars each, one char a byte
   * @throws FitsException of kind BAD_HEADER or UNSUPPORTED
   */
  static void check(String cards) {
    if (cards.length() % CARD_BYTES != 0 || cards.chars().anyMatch(c -> c > 0xFF)) {
      throw new IllegalArgumentException("a header is cards of 80 bytes, one in each char");
    }
    for (int at = 0; at < cards.length(); at += CARD_BYTES) {
      checkCard(cards.substring(at, at + CARD_BYTES));
    }
  }

  private static void checkCard(String card) {
    Matcher manyAxes = MANY_AXES.matcher(card);
    if (manyAxes.matches()) {
      throw new FitsException(
          ErrorKind.BAD_HEADER,
          "world coordinates of " + manyAxes.group(1) + " axes; FITS has at most 99 here");
    }
    if (LOOKUP_TABLE.matcher(card).matches()) {
      throw new FitsException(
          ErrorKind.UNSUPPORTED, "world coordinates that a table gives: " + card.stripTrailing());
    }
  }
}
