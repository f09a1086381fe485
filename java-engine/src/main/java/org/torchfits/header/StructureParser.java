package org.torchfits.header;

import java.util.Arrays;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.FitsException;

/**
 * Takes from the cards of one header what says where the data is and what it means. The first card
 * of a keyword counts.
 */
final class StructureParser {
  private static final long BITPIX = Card.key("BITPIX");
  private static final long PCOUNT = Card.key("PCOUNT");
  private static final long GCOUNT = Card.key("GCOUNT");
  private static final long GROUPS = Card.key("GROUPS");
  private static final long XTENSION = Card.key("XTENSION");
  private static final long EXTNAME = Card.key("EXTNAME");
  private static final long EXTVER = Card.key("EXTVER");
  private static final long BSCALE = Card.key("BSCALE");
  private static final long BZERO = Card.key("BZERO");
  private static final long BLANK = Card.key("BLANK");
  private static final long ZIMAGE = Card.key("ZIMAGE");
  private static final long ZTABLE = Card.key("ZTABLE");
  private static final long ZBITPIX = Card.key("ZBITPIX");

  private static final int MAX_AXES = 999;

  /** Far above any file, and far enough below 2^63 that offsets behind the data can be counted. */
  private static final long MAX_DATA_BYTES = 1L << 62;

  /**
   * Keywords of axes: one tells how many there are, and with a number behind it how long that one
   * is.
   *
   * @param key of it without a number
   */
  private record AxisKeyword(String name, long key) {
    static final AxisKeyword NAXIS = new AxisKeyword("NAXIS", Card.key("NAXIS"));
    static final AxisKeyword ZNAXIS = new AxisKeyword("ZNAXIS", Card.key("ZNAXIS"));

    /** Number of the axis (from 1) that a keyword tells the length of, 0 if none. */
    int number(long other) {
      int shift = 64 - 8 * name.length();
      if (other >>> shift != key >>> shift) {
        return 0;
      }
      int number = 0;
      for (shift -= 8; shift >= 0; shift -= 8) {
        int character = (int) (other >>> shift) & 0xFF;
        if (character == ' ') {
          break;
        }
        if (character < '0' || character > '9' || (character == '0' && number == 0)) {
          return 0;
        }
        number = number * 10 + character - '0';
      }
      return number;
    }
  }

  /** What a header tells of axes. */
  private static final class Axes {
    final AxisKeyword keyword;
    @Nullable String count;
    @Nullable String[] lengths = new @Nullable String[0];

    Axes(AxisKeyword keyword) {
      this.keyword = keyword;
    }

    void set(int number, String value) {
      if (number > lengths.length) {
        lengths = Arrays.copyOf(lengths, number);
      }
      if (lengths[number - 1] == null) {
        lengths[number - 1] = value;
      }
    }
  }

  private final HeaderProblem problem;
  private final Axes axes = new Axes(AxisKeyword.NAXIS);
  private final Axes tileAxes = new Axes(AxisKeyword.ZNAXIS);
  private @Nullable String bitpix;
  private @Nullable String tileBitpix;
  private @Nullable String pcount;
  private @Nullable String gcount;
  private @Nullable String groups;
  private @Nullable String extension;
  private @Nullable String extname;
  private @Nullable String extver;
  private @Nullable String bscale;
  private @Nullable String bzero;
  private @Nullable String blank;
  private @Nullable String compressed;
  private @Nullable String compressedTable;

  StructureParser(HeaderProblem problem) {
    this.problem = problem;
  }

  /** Takes one card. */
  void accept(byte[] cards, int offset) {
    if (!Card.hasValue(cards, offset)) {
      return;
    }
    switch (cards[offset]) {
      case 'N' -> acceptAxis(axes, cards, offset);
      case 'Z' -> acceptTile(cards, offset);
      case 'B', 'P', 'G', 'X', 'E' -> acceptValue(cards, offset);
      default -> {}
    }
  }

  private static void acceptAxis(Axes axes, byte[] cards, int offset) {
    long key = Card.keyword(cards, offset);
    if (key == axes.keyword.key()) {
      axes.count = first(axes.count, cards, offset);
    } else {
      int number = axes.keyword.number(key);
      if (number >= 1 && number <= MAX_AXES) {
        axes.set(number, Card.value(cards, offset));
      }
    }
  }

  private void acceptTile(byte[] cards, int offset) {
    long key = Card.keyword(cards, offset);
    if (key == ZIMAGE) {
      compressed = first(compressed, cards, offset);
    } else if (key == ZTABLE) {
      compressedTable = first(compressedTable, cards, offset);
    } else if (key == ZBITPIX) {
      tileBitpix = first(tileBitpix, cards, offset);
    } else {
      acceptAxis(tileAxes, cards, offset);
    }
  }

  private void acceptValue(byte[] cards, int offset) {
    long key = Card.keyword(cards, offset);
    if (key == BITPIX) {
      bitpix = first(bitpix, cards, offset);
    } else if (key == PCOUNT) {
      pcount = first(pcount, cards, offset);
    } else if (key == GCOUNT) {
      gcount = first(gcount, cards, offset);
    } else if (key == GROUPS) {
      groups = first(groups, cards, offset);
    } else if (key == XTENSION) {
      extension = first(extension, cards, offset);
    } else if (key == EXTNAME) {
      extname = first(extname, cards, offset);
    } else if (key == EXTVER) {
      extver = first(extver, cards, offset);
    } else if (key == BSCALE) {
      bscale = first(bscale, cards, offset);
    } else if (key == BZERO) {
      bzero = first(bzero, cards, offset);
    } else if (key == BLANK) {
      blank = first(blank, cards, offset);
    }
  }

  private static String first(@Nullable String seen, byte[] cards, int offset) {
    return seen != null ? seen : Card.value(cards, offset);
  }

  /** The HDU that the cards describe. */
  Hdu hdu(int index, long headerOffset, long headerBytes, long dataOffset) {
    HduKind kind = kind();
    long[] storedAxes = lengths(axes);
    int storedBitpix = bitpix("BITPIX", bitpix);
    boolean tiled = kind == HduKind.COMPRESSED_IMAGE;
    return new Hdu(
        index,
        kind,
        headerOffset,
        headerBytes,
        dataOffset,
        dataBytes(kind, storedBitpix, storedAxes),
        tiled ? bitpix("ZBITPIX", tileBitpix) : storedBitpix,
        decompressedAxes(kind, storedAxes),
        extname == null ? "" : Card.string(extname),
        version(),
        real(bscale, 1),
        real(bzero, 0),
        blank(),
        kind == HduKind.RANDOM_GROUPS ? groups() : null);
  }

  private long[] decompressedAxes(HduKind kind, long[] storedAxes) {
    if (kind == HduKind.COMPRESSED_IMAGE) {
      return lengths(tileAxes);
    }
    boolean isTable = kind == HduKind.BINARY_TABLE && "T".equals(compressedTable);
    // ZNAXIS itself is not told for tables.
    return isTable ? new long[] {length(tileAxes, 0), length(tileAxes, 1)} : storedAxes;
  }

  private Hdu.Groups groups() {
    return new Hdu.Groups(
        optionalInteger("GCOUNT", gcount, 1), optionalInteger("PCOUNT", pcount, 0));
  }

  private HduKind kind() {
    if (extension == null) {
      return "T".equals(groups) && isZero(axes.lengths) ? HduKind.RANDOM_GROUPS : HduKind.IMAGE;
    }
    return switch (Card.string(extension)) {
      case "IMAGE", "IUEIMAGE" -> HduKind.IMAGE;
      case "BINTABLE", "A3DTABLE" ->
          "T".equals(compressed) ? HduKind.COMPRESSED_IMAGE : HduKind.BINARY_TABLE;
      case "TABLE" -> HduKind.ASCII_TABLE;
      default -> HduKind.OTHER;
    };
  }

  private static boolean isZero(@Nullable String[] lengths) {
    return lengths.length > 0 && "0".equals(lengths[0]);
  }

  private int bitpix(String keyword, @Nullable String value) {
    int bits = (int) integer(keyword, value, -64, 64);
    return switch (bits) {
      case 8, 16, 32, 64, -32, -64 -> bits;
      default ->
          throw problem.badHeader(
              keyword + " = " + bits + " is not one of 8, 16, 32, 64, -32, -64");
    };
  }

  private long[] lengths(Axes told) {
    long[] lengths = new long[(int) integer(told.keyword.name(), told.count, 0, MAX_AXES)];
    for (int axis = 0; axis < lengths.length; axis++) {
      lengths[axis] = length(told, axis);
    }
    return lengths;
  }

  private long length(Axes told, int axis) {
    String value = axis < told.lengths.length ? told.lengths[axis] : null;
    OptionalLong length = within(value, 0, Long.MAX_VALUE);
    if (length.isEmpty()) {
      throw notValid(told.keyword.name() + (axis + 1), value);
    }
    return length.getAsLong();
  }

  /** Bytes of data: FITS 4.0, equations 1, 2 and 4. */
  private long dataBytes(HduKind kind, int bits, long[] lengths) {
    if (lengths.length == 0) {
      return 0;
    }
    long bytes = Long.MAX_VALUE;
    try {
      long elements = 1;
      for (int axis = kind == HduKind.RANDOM_GROUPS ? 1 : 0; axis < lengths.length; axis++) {
        elements = Math.multiplyExact(elements, lengths[axis]);
      }
      elements = Math.addExact(elements, optionalInteger("PCOUNT", pcount, 0));
      elements = Math.multiplyExact(elements, optionalInteger("GCOUNT", gcount, 1));
      bytes = Math.multiplyExact(elements, Math.abs(bits) / 8);
    } catch (ArithmeticException overflow) {
      // Stays beyond the bound.
    }
    if (bytes > MAX_DATA_BYTES) {
      throw problem.badHeader("NAXISn, PCOUNT and GCOUNT describe more bytes than a file can hold");
    }
    return bytes;
  }

  private int version() {
    OptionalLong version = extver == null ? OptionalLong.empty() : Card.integer(extver);
    return version.isPresent() && version.getAsLong() == (int) version.getAsLong()
        ? (int) version.getAsLong()
        : 1;
  }

  private @Nullable Long blank() {
    OptionalLong value = blank == null ? OptionalLong.empty() : Card.integer(blank);
    return value.isPresent() ? value.getAsLong() : null;
  }

  private static double real(@Nullable String value, double absent) {
    return value == null ? absent : Card.real(value).orElse(Double.NaN);
  }

  private long optionalInteger(String keyword, @Nullable String value, long absent) {
    return value == null ? absent : integer(keyword, value, 0, Long.MAX_VALUE);
  }

  private long integer(String keyword, @Nullable String value, long lowest, long highest) {
    OptionalLong number = within(value, lowest, highest);
    if (number.isEmpty()) {
      throw notValid(keyword, value);
    }
    return number.getAsLong();
  }

  private static OptionalLong within(@Nullable String value, long lowest, long highest) {
    OptionalLong number = value == null ? OptionalLong.empty() : Card.integer(value);
    boolean isWithin =
        number.isPresent() && number.getAsLong() >= lowest && number.getAsLong() <= highest;
    return isWithin ? number : OptionalLong.empty();
  }

  private FitsException notValid(String keyword, @Nullable String value) {
    String reason = value == null ? " is missing" : " = " + value + " is not a valid value";
    return problem.badHeader(keyword + reason);
  }
}
