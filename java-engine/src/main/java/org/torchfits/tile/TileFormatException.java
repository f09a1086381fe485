package org.torchfits.tile;

/**
 * A tile whose bytes cannot be decoded. The message is the reason alone: who knows file, HDU and
 * tile adds them.
 */
public final class TileFormatException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public TileFormatException(String reason) {
    super(reason);
  }
}
