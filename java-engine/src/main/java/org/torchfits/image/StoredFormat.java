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
 * @param scale 1 where there is none
 * @param zero 0 where there is none
 * @param blank the stored value that becomes NaN, if there is one
 */
public record StoredFormat(
    int bitpix, ElementType type, double scale, double zero, @Nullable Long blank) {

  /**
   * The format for what a caller wants of an image.
   *
   * @param scaled false for the stored values
   * @param dtype of the elements; null for the exact type
   */
  public static StoredFormat of(Hdu hdu, boolean scaled, @Nullable ElementType dtype) {
    StoredFormat exact = exact(hdu, scaled);
    if (dtype == null || dtype == exact.type) {
      return exact;
    }
    // Integers have no NaN: a blank one keeps its value as an integer, not as a floating number.
    Long blank = scaled && isFloating(dtype) ? blank(hdu) : exact.blank;
    return new StoredFormat(hdu.bitpix(), dtype, exact.scale, exact.zero, blank);
  }

  /**
   * The exact type: what holds every physical value of the image without loss where one exists.
   *
   * @param scaled false for the stored values
   */
  public static StoredFormat exact(Hdu hdu, boolean scaled) {
    double scale = scaled ? hdu.scale() : 1;
    double zero = scaled ? hdu.zero() : 0;
    ElementType type = exactType(hdu.bitpix(), scale, zero);
    Long blank = scaled && isFloating(type) ? blank(hdu) : null;
    return new StoredFormat(hdu.bitpix(), type, scale, zero, blank);
  }

  /** The same values as elements of another floating type than the one that they have here. */
  StoredFormat as(ElementType floating) {
    return new StoredFormat(bitpix, floating, scale, zero, blank);
  }

  /** The format of physical values in memory that become elements of another type. */
  static StoredFormat ofPhysical(ElementType values, ElementType type) {
    return new StoredFormat(values == ElementType.FLOAT32 ? -32 : -64, type, 1, 0, null);
  }

  /**
   * As what cfitsio delivers the values: as elements where it can, else as something to make
   * elements of, physical values of a floating type or stored integers.
   */
  ElementType typeOfCfitsio() {
    return switch (type) {
      case FLOAT32, FLOAT64 -> type;
      case FLOAT16, BFLOAT16 -> ElementType.FLOAT32;
      default -> {
        ElementType exact = exactType();
        yield type == exact || isFloating(exact) ? exact : storedType(bitpix);
      }
    };
  }

  /** Bytes of one stored value. */
  public int storedBytes() {
    return Math.abs(bitpix) / 8;
  }

  /** What {@link #exact} has as type for the same scale and zero. */
  ElementType exactType() {
    return exactType(bitpix, scale, zero);
  }

  /** Whether scale and zero leave every value as it is. */
  boolean isUnscaled() {
    return scale == 1 && zero == 0;
  }

  /** Whether values are unsigned, or signed bytes, by convention: table 11 of FITS 4.0. */
  boolean isShifted() {
    return shiftedType(bitpix, scale, zero) != null;
  }

  /**
   * Whether the elements are the stored values, or those with the sign bit flipped, in native byte
   * order.
   */
  boolean isBitwise() {
    return type == exactType() && (isUnscaled() || isShifted());
  }

  /** Whether the elements are the stored values with the sign bit flipped. */
  boolean flipsSign() {
    return isBitwise() && isShifted();
  }

  /** BLANK is for integers alone. */
  private static @Nullable Long blank(Hdu hdu) {
    return hdu.bitpix() > 0 ? hdu.blank() : null;
  }

  /** Whether elements of that type can be NaN. */
  static boolean isFloating(ElementType type) {
    return switch (type) {
      case FLOAT16, BFLOAT16, FLOAT32, FLOAT64 -> true;
      default -> false;
    };
  }

  private static ElementType exactType(int bitpix, double scale, double zero) {
    if (scale == 1 && zero == 0) {
      return storedType(bitpix);
    }
    ElementType shifted = shiftedType(bitpix, scale, zero);
    if (shifted != null) {
      return shifted;
    }
    return bitpix == 32 || Math.abs(bitpix) == 64 ? ElementType.FLOAT64 : ElementType.FLOAT32;
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
  private static @Nullable ElementType shiftedType(int bitpix, double scale, double zero) {
    if (scale != 1) {
      return null;
    }
    return switch (bitpix) {
      case 8 -> zero == -0x1p7 ? ElementType.INT8 : null;
      case 16 -> zero == 0x1p15 ? ElementType.UINT16 : null;
      case 32 -> zero == 0x1p31 ? ElementType.UINT32 : null;
      case 64 -> zero == 0x1p63 ? ElementType.UINT64 : null;
      default -> null;
    };
  }
}
