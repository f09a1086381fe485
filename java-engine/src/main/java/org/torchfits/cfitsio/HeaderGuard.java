package org.torchfits.cfitsio;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.source.FitsSource;

/**
 * Looks through a header before cfitsio does, and refuses what would crash the process in cfitsio
 * 4.2: it keeps 99 axes, divides by the lengths of tiles and of Rice blocks unseen, and believes
 * any ZBITPIX. Everything else that may be wrong with a header is left to cfitsio.
 *
 * <p>The values that matter are taken only in the one form that writers use; cfitsio would also
 * take them from a string, a logical or a fraction.
 */
final class HeaderGuard {
  private static final int CARD_BYTES = 80;
  private static final int WINDOW_CARDS = 8 * 36;
  private static final long MAX_HEADER_BYTES = 64 << 20;
  private static final int MAX_NAXIS = 99;

  private static final Pattern CARD =
      Pattern.compile(
          "(?:HIERARCH +)?(NAXIS|ZNAXIS\\d*|ZTILE\\d+|ZVAL1|ZCMPTYPE|ZBITPIX) *=([^/]*).*");
  private static final Pattern LEGAL_BITPIX = Pattern.compile("[+]?(8|16|32|64)|-32|-64");
  private static final Pattern POSITIVE = Pattern.compile(" *\\+?0*[1-9]\\d{0,17} *");

  private final FitsSource file;
  private final int hdu;
  private boolean rice;
  private boolean riceBlockUnusable;

  private HeaderGuard(FitsSource file, int hdu) {
    this.file = file;
    this.hdu = hdu;
  }

  /**
   * Looks through one header.
   *
   * @param offset of the header in the file
   * @param hdu from 0, for messages
   * @throws FitsException of kind NOT_FITS, TRUNCATED or BAD_HEADER
   */
  static void check(FitsSource file, long offset, int hdu) {
    if (hdu == 0 && !hasKeywordAt(file, 0, "SIMPLE  ")) {
      throw new FitsException(
          ErrorKind.NOT_FITS,
          file.name() + ": not a FITS file (it does not begin with the keyword SIMPLE)");
    }
    new HeaderGuard(file, hdu).checkCards(offset);
  }

  /** Whether the eight bytes at {@code offset} are {@code keyword}, blanks included. */
  static boolean hasKeywordAt(FitsSource file, long offset, String keyword) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(8);
      file.read(offset, bytes);
      return keyword.equals(new String(bytes.toArray(JAVA_BYTE), ISO_8859_1));
    }
  }

  private void checkCards(long offset) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment window = arena.allocate((long) WINDOW_CARDS * CARD_BYTES);
      long at = offset;
      while (!endsIn(window.asSlice(0, file.read(at, window)))) {
        at += window.byteSize();
        requireSaneLength(at - offset);
      }
    }
    if (rice && riceBlockUnusable) {
      throw badHeader("ZVAL1, the size of Rice blocks, is not positive");
    }
  }

  private void requireSaneLength(long bytes) {
    if (bytes > MAX_HEADER_BYTES) {
      throw badHeader("the header has no END card within " + MAX_HEADER_BYTES + " bytes");
    }
  }

  private boolean endsIn(MemorySegment window) {
    byte[] bytes = window.toArray(JAVA_BYTE);
    for (int at = 0; at + CARD_BYTES <= bytes.length; at += CARD_BYTES) {
      // Data where cards should be is told at once by a byte that is no ASCII text.
      if (bytes[at] < ' ') {
        throw badHeader("the header has no END card");
      }
      String card = new String(bytes, at, CARD_BYTES, ISO_8859_1);
      if (card.startsWith("END     ")) {
        return true;
      }
      checkCard(card);
    }
    if (bytes.length < WINDOW_CARDS * CARD_BYTES) {
      throw new FitsException(ErrorKind.TRUNCATED, where() + "the file ends before the END card");
    }
    return false;
  }

  private void checkCard(String card) {
    if (!mayMatter(card)) {
      return;
    }
    Matcher match = CARD.matcher(card.toUpperCase(Locale.ROOT));
    if (match.matches()) {
      checkValue(match.group(1), match.group(2));
    }
  }

  /** Whether the card is worth a look; most are not. */
  private static boolean mayMatter(String card) {
    return switch (card.charAt(0)) {
      case 'N', 'n', 'Z', 'z', 'H', 'h' -> true;
      default -> false;
    };
  }

  private void checkValue(String keyword, String value) {
    switch (keyword) {
      case "NAXIS" -> requireFewAxes(value.strip());
      case "ZCMPTYPE" -> rice |= value.contains("RICE");
      case "ZBITPIX" -> requireLegalBitpix(value.strip());
      case "ZVAL1" -> riceBlockUnusable |= !isPositive(value);
      default -> requirePositive(keyword, value);
    }
  }

  private void requireFewAxes(String value) {
    if (isPositive(value) && Long.parseLong(value) > MAX_NAXIS) {
      throw new FitsException(
          ErrorKind.UNSUPPORTED,
          where() + "cfitsio reads at most " + MAX_NAXIS + " axes, not " + value);
    }
  }

  private void requireLegalBitpix(String value) {
    if (!LEGAL_BITPIX.matcher(value).matches()) {
      throw badHeader("ZBITPIX is " + value);
    }
  }

  private void requirePositive(String keyword, String value) {
    if (!isPositive(value)) {
      throw badHeader(keyword + " is not a positive integer but" + value.stripTrailing());
    }
  }

  private static boolean isPositive(String value) {
    return POSITIVE.matcher(value).matches();
  }

  private FitsException badHeader(String reason) {
    return new FitsException(ErrorKind.BAD_HEADER, where() + reason);
  }

  private String where() {
    return file.name() + "[" + hdu + "]: ";
  }
}
