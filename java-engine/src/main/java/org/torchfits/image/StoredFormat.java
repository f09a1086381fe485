package org.torchfits.image;

import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.ElementType;
import org.torchfits.header.Hdu;

/**
 * How stored values become elements: FITS 4.0, section 4.4.2.5, physical value = BZERO + BSCALE *
 * stored value.
 *
 * @param bitpix of the stored values
 * @param type of the elements
 * @param scale 1 where the values stay as they are, or only their sign changes
 * @param zero likewise 0
 * @param blank the stored value that becomes NaN, if there is one
 */
public record StoredFormat(
    int bitpix, ElementType type, double scale, double zero, @Nullable Long blank) {

  /**
   * The exact type: what holds every physical value of the image without loss where one exists.
   *
   * @param scaled false for the stored values
   */
  public static StoredFormat exact(Hdu hdu, boolean scaled) {
    ElementType stored = storedType(hdu.bitpix());
    if (!scaled || isIdentity(hdu)) {
      return new StoredFormat(hdu.bitpix(), stored, 1, 0, null);
    }
    ElementType shifted = shiftedType(hdu);
    if (shifted != null) {
      return new StoredFormat(hdu.bitpix(), shifted, 1, 0, null);
    }
    return scaledTo(
        hdu,
        hdu.bitpix() == 32 || Math.abs(hdu.bitpix()) == 64
            ? ElementType.FLOAT64
            : ElementType.FLOAT32);
  }

  /**
   * The values as FLOAT32 or FLOAT64, whatever their exact type.
   *
   * @param scaled false for the stored values
   */
  public static StoredFormat floating(Hdu hdu, boolean scaled, ElementType type) {
    if (storedType(hdu.bitpix()) == type && (!scaled || isIdentity(hdu))) {
      return exact(hdu, scaled);
    }
    return scaled && !isIdentity(hdu)
        ? scaledTo(hdu, type)
        : new StoredFormat(hdu.bitpix(), type, 1, -0.0, scaled ? blank(hdu) : null);
  }

  /** Bytes of one stored value. */
  public int storedBytes() {
    return Math.abs(bitpix) / 8;
  }

  /**
   * Whether the elements are the stored values, or those with the sign bit flipped, in native byte
   * order.
   */
  boolean isBitwise() {
    return scale == 1 && zero == 0 && type.bytes() == storedBytes() && isFloat(type) == bitpix < 0;
  }

  /** Whether the elements are the stored values with the sign bit flipped. */
  boolean flipsSign() {
    return isBitwise() && type != storedType(bitpix);
  }

  private static StoredFormat scaledTo(Hdu hdu, ElementType type) {
    return new StoredFormat(hdu.bitpix(), type, hdu.scale(), hdu.zero(), blank(hdu));
  }

  /** BLANK is for integers alone. */
  private static @Nullable Long blank(Hdu hdu) {
    return hdu.bitpix() > 0 ? hdu.blank() : null;
  }

  private static boolean isFloat(ElementType type) {
    return type == ElementType.FLOAT32 || type == ElementType.FLOAT64;
  }

  private static boolean isIdentity(Hdu hdu) {
    return hdu.scale() == 1 && hdu.zero() == 0;
  }

  private static ElementType storedType(int bitpix) {
    return switch (bitpix) {
      case 8 -> ElementType.UINT8;
      case 16 -> ElementType.INT16;
      case 32 -> ElementType.INT32;
      case 64 -> ElementType.INT64;
      case -32 -> ElementType.FLOAT32;
      default -> ElementType.FLOAT64;
    };
  }

  /** The type that BZERO alone means: table 11 of FITS 4.0. */
  private static @Nullable ElementType shiftedType(Hdu hdu) {
    if (hdu.scale() != 1) {
      return null;
    }
    return switch (hdu.bitpix()) {
      case 8 -> hdu.zero() == -0x1p7 ? ElementType.INT8 : null;
      case 16 -> hdu.zero() == 0x1p15 ? ElementType.UINT16 : null;
      case 32 -> hdu.zero() == 0x1p31 ? ElementType.UINT32 : null;
      case 64 -> hdu.zero() == 0x1p63 ? ElementType.UINT64 : null;
      default -> null;
    };
  }
}
