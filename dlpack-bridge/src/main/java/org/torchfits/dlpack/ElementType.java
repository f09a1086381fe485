package org.torchfits.dlpack;

/**
 * The element types that torch knows, under torch's names, with their DLPack code, bits and lanes.
 */
public enum ElementType {
  UINT8(1, 8),
  INT8(0, 8),
  INT16(0, 16),
  INT32(0, 32),
  INT64(0, 64),
  UINT16(1, 16),
  UINT32(1, 32),
  UINT64(1, 64),
  FLOAT16(2, 16),
  FLOAT32(2, 32),
  FLOAT64(2, 64),
  BFLOAT16(4, 16),
  COMPLEX32(5, 32),
  COMPLEX64(5, 64),
  COMPLEX128(5, 128),
  BOOL(6, 8),
  FLOAT8_E4M3FN(10, 8),
  FLOAT8_E4M3FNUZ(11, 8),
  FLOAT8_E5M2(12, 8),
  FLOAT8_E5M2FNUZ(13, 8),
  FLOAT8_E8M0FNU(14, 8),
  /** Two 4-bit numbers in a byte; one element is the pair. */
  FLOAT4_E2M1FN_X2(17, 4, 2);

  private static final ElementType[] ALL = values();

  final byte code;
  final byte bits;
  final short lanes;

  ElementType(int code, int bits) {
    this(code, bits, 1);
  }

  ElementType(int code, int bits, int lanes) {
    this.code = (byte) code;
    this.bits = (byte) bits;
    this.lanes = (short) lanes;
  }

  /** Bytes of one element. */
  public int bytes() {
    return (bits & 0xFF) * lanes / 8;
  }

  /** {@code DLDataType} as a little-endian word of four bytes. */
  long word() {
    return (code & 0xFFL) | (bits & 0xFFL) << 8 | (lanes & 0xFFFFL) << 16;
  }

  static ElementType of(byte code, byte bits, short lanes) {
    for (ElementType type : ALL) {
      if (type.code == code && type.bits == bits && type.lanes == lanes) {
        return type;
      }
    }
    throw new IllegalArgumentException(
        "DLPack type code "
            + code
            + ", bits "
            + (bits & 0xFF)
            + ", lanes "
            + lanes
            + " is not one of torch's");
  }
}
