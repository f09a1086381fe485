package org.torchfits.dlpack;

/** The C library refused to allocate. */
public final class NativeMemoryException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  NativeMemoryException(long bytes) {
    super("cannot allocate " + bytes + " bytes");
  }
}
