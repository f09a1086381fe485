package org.torchfits.error;

/** What went wrong, as the caller can act on it. Each kind has one exception class in Python. */
public enum ErrorKind {
  /** No file of that name. */
  NOT_FOUND,
  /** The operating system refuses access. */
  ACCESS_DENIED,
  /** A directory, pipe, socket or device where a regular file is needed. */
  NOT_A_FILE,
  /** The operating system failed to deliver bytes. */
  IO,
  /** The operating system failed to take bytes. */
  WRITE,
  /** The bytes are not FITS. */
  NOT_FITS,
  /** The file ends before the data that its header describes. */
  TRUNCATED,
  /** A header that breaks the standard so that the data cannot be located or understood. */
  BAD_HEADER,
  /** Bytes of the data, or of a whole compressed file, that cannot be decoded. */
  BAD_DATA,
  /** No HDU of that number, name or version. */
  HDU_NOT_FOUND,
  /** The table has no column of that name. */
  COLUMN_NOT_FOUND,
  /** The HDU exists and is not of the kind that was asked for, or holds no data. */
  WRONG_HDU_KIND,
  /** Valid FITS of a kind that this version cannot read. */
  UNSUPPORTED,
  /** A section that does not lie in the image. */
  BAD_SECTION,
  /** A condition on the rows of a table that cannot be understood, or not of these columns. */
  BAD_EXPRESSION,
  /** Images of one batch, or an image and its destination, differ in shape or type. */
  MISMATCH,
  /** A value that the type asked for does not hold. */
  VALUE_RANGE,
  /** The memory for the result is not to be had. */
  OUT_OF_MEMORY,
  /** cfitsio refused; the status is its own. */
  CFITSIO,
  /** wcslib refused; the status is its own. */
  WCSLIB,
  /** A native library is missing or unusable. No file is to blame. */
  LIBRARY,
  /** The file is not the one any more, or not as it was, of which other parts were read before. */
  CHANGED,
  /** The caller cancelled the work. */
  CANCELLED
}
