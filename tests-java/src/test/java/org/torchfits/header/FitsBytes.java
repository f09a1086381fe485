package org.torchfits.header;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/** Puts FITS files together byte by byte. */
public final class FitsBytes {
  /** Headers and data are filled up to a multiple of this. */
  public static final int BLOCK = 2880;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** A header with END, filled up with blanks. */
  public FitsBytes header(String... cards) {
    for (String card : cards) {
      append("%-80s".formatted(card).getBytes(ISO_8859_1));
    }
    append("%-80s".formatted("END").getBytes(ISO_8859_1));
    return fill((byte) ' ');
  }

  /** Data, filled up with zeros. */
  public FitsBytes data(byte... data) {
    append(data);
    return fill((byte) 0);
  }

  /** Bytes as they are. */
  public FitsBytes append(byte[] more) {
    bytes.writeBytes(more);
    return this;
  }

  private FitsBytes fill(byte filler) {
    byte[] padding = new byte[Math.floorMod(-bytes.size(), BLOCK)];
    Arrays.fill(padding, filler);
    return append(padding);
  }

  /** The whole file. */
  public byte[] toBytes() {
    return bytes.toByteArray();
  }

  /** A card with an integer or other value that needs no quotes. */
  public static String card(String keyword, Object value) {
    return "%-8s= %20s".formatted(keyword, value);
  }

  /** The cards that the standard demands of an image; the axes in FITS order. */
  public static String[] primary(int bitpix, long... axes) {
    return image(card("SIMPLE", "T"), bitpix, axes);
  }

  /** The cards that the standard demands of an IMAGE extension; the axes in FITS order. */
  public static String[] extension(int bitpix, long... axes) {
    return with(image("XTENSION= 'IMAGE   '", bitpix, axes), card("PCOUNT", 0), card("GCOUNT", 1));
  }

  /** The cards that the standard demands of a binary table. */
  public static String[] table(long rowBytes, long rows, long heapBytes) {
    return with(
        image("XTENSION= 'BINTABLE'", 8, rowBytes, rows),
        card("PCOUNT", heapBytes),
        card("GCOUNT", 1),
        card("TFIELDS", 0));
  }

  private static String[] image(String first, int bitpix, long... axes) {
    String[] cards = new String[3 + axes.length];
    cards[0] = first;
    cards[1] = card("BITPIX", bitpix);
    cards[2] = card("NAXIS", axes.length);
    for (int i = 0; i < axes.length; i++) {
      cards[3 + i] = card("NAXIS" + (i + 1), axes[i]);
    }
    return cards;
  }

  /** Cards and more cards behind them. */
  public static String[] with(String[] cards, String... more) {
    String[] all = Arrays.copyOf(cards, cards.length + more.length);
    System.arraycopy(more, 0, all, cards.length, more.length);
    return all;
  }
}
