package org.torchfits.image;

/** A value that the type of the elements does not hold. Who knows file and HDU names them. */
final class ValueRangeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final long index;

  /**
   * @param index of the value, from 0 where decoding began
   */
  ValueRangeException(long index, String value) {
    super(value);
    this.index = index;
  }

  long index() {
    return index;
  }
}
