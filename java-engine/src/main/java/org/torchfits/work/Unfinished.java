package org.torchfits.work;

/**
 * Work that takes longer than its caller may be kept waiting, and that was not in vain: who asks
 * again goes on where it stopped.
 */
public final class Unfinished extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public Unfinished(String what) {
    super(what, null, false, false);
  }
}
