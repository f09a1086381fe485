package org.torchfits.cfitsio;

/** A type of pixels in memory, in native byte order. */
public enum PixelType {
  UINT8(11, 8, 1),
  INT8(12, 10, 1),
  UINT16(20, 20, 2),
  INT16(21, 16, 2),
  UINT32(30, 40, 4),
  INT32(31, 32, 4),
  UINT64(80, 80, 8),
  INT64(81, 64, 8),
  FLOAT32(42, -32, 4),
  FLOAT64(82, -64, 8);

  private final int datatype;
  private final int imageType;
  private final int bytes;

  PixelType(int datatype, int imageType, int bytes) {
    this.datatype = datatype;
    this.imageType = imageType;
    this.bytes = bytes;
  }

  /** Of one pixel. */
  public int bytes() {
    return bytes;
  }

  boolean isFloating() {
    return imageType < 0;
  }

  /** The code of {@code fitsio.h} for elements of an array: {@code TBYTE} to {@code TDOUBLE}. */
  int datatype() {
    return datatype;
  }

  /** For a code of {@code fitsio.h} for images: {@code BYTE_IMG} to {@code ULONGLONG_IMG}. */
  static PixelType ofImageType(int imageType) {
    for (PixelType type : values()) {
      if (type.imageType == imageType) {
        return type;
      }
    }
    throw new IllegalArgumentException("cfitsio knows no image type " + imageType);
  }
}
