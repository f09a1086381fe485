package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.ElementType;

/**
 * Makes elements of a tensor from stored elements of a column that stand one behind the other.
 *
 * <p>Safe for use by several threads.
 */
interface ElementDecoder {
  ElementType type();

  /** Bytes of a stored element. */
  int storedBytes();

  /** Whether source and target may be the same place: elements take the bytes they took. */
  boolean isInPlace();

  /**
   * Decodes {@code count} elements.
   *
   * @param sourceOffset in bytes
   * @param targetOffset in bytes
   */
  void decode(
      MemorySegment source, long sourceOffset, MemorySegment target, long targetOffset, int count);

  /** How the elements of a column that are not bits or strings are decoded. */
  static ElementDecoder of(Column column, char letter) {
    return switch (letter) {
      case 'L' -> new LogicalDecoder();
      case 'B', 'I', 'J', 'K' -> integers(column, letter);
      default -> column.isScaled() ? new ScaledDecoder(column, letter) : floating(letter);
    };
  }

  private static ElementDecoder integers(Column column, char letter) {
    int bytes = integerBytes(letter);
    boolean unscaled = !column.isScaled();
    // A byte is unsigned as it is stored, the others are signed.
    double shift = letter == 'B' ? -128 : Math.scalb(1.0, 8 * bytes - 1);
    boolean shifted = column.scale() == 1 && column.zero() == shift;
    if (!unscaled && !shifted) {
      return new ScaledDecoder(column, letter);
    }
    boolean signed = shifted == (letter == 'B');
    return new SwapDecoder(integer(bytes, signed), bytes, 1, shifted);
  }

  private static int integerBytes(char letter) {
    return switch (letter) {
      case 'B' -> 1;
      case 'I' -> 2;
      case 'J' -> 4;
      default -> 8;
    };
  }

  private static ElementType integer(int bytes, boolean signed) {
    return switch (bytes) {
      case 1 -> signed ? ElementType.INT8 : ElementType.UINT8;
      case 2 -> signed ? ElementType.INT16 : ElementType.UINT16;
      case 4 -> signed ? ElementType.INT32 : ElementType.UINT32;
      default -> signed ? ElementType.INT64 : ElementType.UINT64;
    };
  }

  private static ElementDecoder floating(char letter) {
    return switch (letter) {
      case 'E' -> new SwapDecoder(ElementType.FLOAT32, 4, 1, false);
      case 'D' -> new SwapDecoder(ElementType.FLOAT64, 8, 1, false);
      case 'C' -> new SwapDecoder(ElementType.COMPLEX64, 4, 2, false);
      case 'M' -> new SwapDecoder(ElementType.COMPLEX128, 8, 2, false);
      default -> throw new IllegalArgumentException("elements of type " + letter);
    };
  }
}
