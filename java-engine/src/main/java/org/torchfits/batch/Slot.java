package org.torchfits.batch;

import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.torchfits.image.OpenImage;

/**
 * One image on its way into its place. It is opened once, by whichever thread is first, read in
 * steps by several, and closed after the last step.
 */
final class Slot {
  /** So much of an image is one step. */
  private static final long STEP_BYTES = 2 << 20;

  private final Supplier<OpenImage> opener;
  private @Nullable OpenImage image;
  private MemorySegment target = MemorySegment.NULL;
  private @Nullable Frame frame;
  private long steps = 1;
  private long stepsLeft = 1;

  /**
   * @param opener may refuse the image
   */
  Slot(Supplier<OpenImage> opener) {
    this.opener = opener;
  }

  /** The image, opened if it was not. */
  synchronized OpenImage image() {
    if (image == null) {
      image = opener.get();
    }
    return image;
  }

  /** In how many steps an image of so many bytes is read. */
  static long steps(long bytes) {
    return Math.max(1, Math.ceilDiv(bytes, STEP_BYTES));
  }

  /**
   * Says where the image goes.
   *
   * @param target as long as the image, or as its frame
   * @param steps in which it is read
   * @param frame to put around it at the end
   */
  synchronized void aim(MemorySegment target, long steps, @Nullable Frame frame) {
    this.target = target;
    this.frame = frame;
    this.steps = steps;
    this.stepsLeft = steps;
  }

  /** Does one step, from 0. */
  void read(long step) {
    OpenImage open = image();
    // One thread alone may read some images: its step is the first one.
    long pieces = open.pieces();
    long first = open.isParallel() ? pieces * step / steps : step == 0 ? 0 : pieces;
    long end = open.isParallel() ? pieces * (step + 1) / steps : pieces;
    MemorySegment dense = target.asSlice(0, open.bytes());
    for (long piece = first; piece < end; piece++) {
      open.readPiece(piece, dense);
    }
    endStep();
  }

  private synchronized void endStep() {
    stepsLeft--;
    if (stepsLeft == 0) {
      if (frame != null) {
        frame.put(target);
      }
      close();
    }
  }

  /** Closes the image if it is open; the next use opens it anew. */
  synchronized void close() {
    if (image != null) {
      image.close();
      image = null;
    }
  }
}
