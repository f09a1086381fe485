package org.torchfits.batch;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.math.BigDecimal;
import java.math.BigInteger;
import org.torchfits.dlpack.ElementType;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/**
 * The element that stands where a file has no pixel.
 *
 * @param bits of the element in native byte order
 * @param bytes of the element
 */
record Fill(long bits, int bytes) {

  /**
   * The element of that value.
   *
   * @param value a number as Java's or Python's literals have it, or NaN, Infinity, -Infinity
   * @param place file and HDU, for messages
   * @throws FitsException of kind MISMATCH if the type does not hold the value
   */
  static Fill of(String value, ElementType type, String place) {
    return switch (type) {
      case FLOAT32 -> new Fill(Float.floatToRawIntBits(Float.parseFloat(value)), 4);
      case FLOAT64 -> new Fill(Double.doubleToRawLongBits(Double.parseDouble(value)), 8);
      case FLOAT16 -> new Fill(Float.floatToFloat16(Float.parseFloat(value)) & 0xFFFF, 2);
      case BFLOAT16 -> new Fill(bfloat16(Float.parseFloat(value)), 2);
      case UINT8, UINT16, UINT32, UINT64 -> integer(value, type, 0, 8 * type.bytes(), place);
      case INT8, INT16, INT32, INT64 ->
          integer(value, type, 8 * type.bytes() - 1, 8 * type.bytes() - 1, place);
      default -> throw new IllegalArgumentException("no pixels are " + type);
    };
  }

  /** The upper half of a float's bits, rounded to even. */
  private static long bfloat16(float value) {
    int bits = Float.floatToIntBits(value);
    return Float.isNaN(value) ? bits >>> 16 : (bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16;
  }

  /** An integer in [-2^lowest, 2^highest); 0 for {@code lowest} means no negative ones. */
  private static Fill integer(
      String value, ElementType type, int lowest, int highest, String place) {
    BigInteger integer = exact(value, type, place);
    BigInteger least = lowest == 0 ? BigInteger.ZERO : BigInteger.TWO.pow(lowest).negate();
    if (integer.compareTo(least) < 0 || integer.compareTo(BigInteger.TWO.pow(highest)) >= 0) {
      throw refused(value, type, place);
    }
    return new Fill(integer.longValue(), type.bytes());
  }

  private static BigInteger exact(String value, ElementType type, String place) {
    try {
      return new BigDecimal(value).toBigIntegerExact();
    } catch (NumberFormatException | ArithmeticException noInteger) {
      throw refused(value, type, place);
    }
  }

  private static FitsException refused(String value, ElementType type, String place) {
    return new FitsException(
        ErrorKind.MISMATCH,
        place
            + ": there are places without a pixel, and "
            + type
            + " has no "
            + value
            + " to fill them: give fill= or a floating dtype=");
  }

  /** Fills the bytes [from, to), which hold whole elements. */
  void put(MemorySegment target, long from, long to) {
    if (from >= to) {
      return;
    }
    for (int i = 0; i < bytes; i++) {
      target.set(JAVA_BYTE, from + i, (byte) (bits >>> (8 * i)));
    }
    for (long done = bytes; done < to - from; ) {
      long count = Math.min(done, to - from - done);
      MemorySegment.copy(target, from, target, from + done, count);
      done += count;
    }
  }
}
