package org.torchfits.error;

/**
 * The one exception of the engine. Its message names the act, the file, the HDU and the reason, so
 * that it can be shown as it is.
 */
public final class FitsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorKind kind;
  private final int status;

  /** An error without a status of a native library. */
  public FitsException(ErrorKind kind, String message) {
    this(kind, 0, message);
  }

  /**
   * @param status the status of cfitsio or wcslib, or the {@code errno} of the operating system; 0
   *     if there is none
   */
  public FitsException(ErrorKind kind, int status, String message) {
    super(message);
    this.kind = kind;
    this.status = status;
  }

  public ErrorKind kind() {
    return kind;
  }

  public int status() {
    return status;
  }
}
