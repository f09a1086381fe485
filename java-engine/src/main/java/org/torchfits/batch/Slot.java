package org.torchfits.batch;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.NativeMemoryException;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.image.OpenImage;
import org.torchfits.tile.TileScratch;
import org.torchfits.work.Stage;
import org.torchfits.work.Tally;

/**
 * One image on its way into its place. It is opened once, by whichever thread is first, read in
 * steps by several, and closed after the last step.
 */
final class Slot {
  /** So much of an image is one step. */
  private static final long STEP_BYTES = 2 << 20;

  /** Opens the image of a slot. */
  @FunctionalInterface
  interface Opener {
    /**
     * Opens the image; may refuse it.
     *
     * @param slot may be told where the image goes
     */
    OpenImage open(Slot slot);
  }

  /** What becomes of a slot whose image cannot be read. */
  interface Tolerance {
    /** Nothing: the failure is that of the whole batch. */
    Tolerance NONE =
        new Tolerance() {
          @Override
          public boolean tolerates(FitsException failure) {
            return false;
          }

          @Override
          public void fill(MemorySegment target) {}
        };

    /** Whether the others are read nevertheless. */
    boolean tolerates(FitsException failure);

    /** Fills the slot; called when no thread works on it any more. */
    void fill(MemorySegment target);
  }

  private final Opener opener;
  private final Tolerance tolerance;
  private @Nullable OpenImage image;
  private MemorySegment target = MemorySegment.NULL;
  private @Nullable Frame frame;
  private @Nullable Turn turn;

  /** Where an image is that will be turned. */
  private @Nullable TileScratch apart;

  private long steps = 1;
  private long stepsLeft = 1;
  private boolean failed;

  Slot(Opener opener) {
    this(opener, Tolerance.NONE);
  }

  Slot(Opener opener, Tolerance tolerance) {
    this.opener = opener;
    this.tolerance = tolerance;
  }

  /** The image, opened if it was not. */
  synchronized OpenImage image() {
    if (image == null) {
      image = opener.open(this);
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

  /** Says what is put around the image at the end. */
  synchronized void enclose(Frame around) {
    frame = around;
  }

  /** Says how the image, with what is put around it, is turned at the end. */
  synchronized void turn(Turn by) {
    turn = by;
    if (apart == null) {
      apart = TileScratch.borrow();
    }
  }

  /** Where the image is read: as long as the target. */
  private synchronized MemorySegment place() {
    try {
      return apart == null ? target : apart.pixels(target.byteSize());
    } catch (NativeMemoryException refused) {
      throw new FitsException(
          ErrorKind.OUT_OF_MEMORY, image().place() + ": " + refused.getMessage());
    }
  }

  /**
   * Does one step, from 0.
   *
   * @return whether it was the last one
   */
  boolean read(long step) {
    try {
      readStep(step);
    } catch (FitsException failure) {
      if (!tolerance.tolerates(failure)) {
        throw failure;
      }
      fail();
    }
    return endStep();
  }

  private void readStep(long step) {
    OpenImage open = image();
    // One thread alone may read some images: its step is the first one.
    long pieces = open.pieces();
    long first = open.isParallel() ? pieces * step / steps : step == 0 ? 0 : pieces;
    long end = open.isParallel() ? pieces * (step + 1) / steps : pieces;
    MemorySegment dense = place().asSlice(0, open.bytes());
    for (long piece = first; piece < end; piece++) {
      open.readPiece(piece, dense);
    }
  }

  private synchronized void fail() {
    failed = true;
  }

  private synchronized boolean endStep() {
    stepsLeft--;
    if (stepsLeft > 0) {
      return false;
    }
    if (failed) {
      tolerance.fill(target);
    } else if (frame != null || turn != null) {
      long start = System.nanoTime();
      arrange(place());
      Tally.mine().addSince(Stage.COPY_NANOS, start);
    }
    close();
    return true;
  }

  private void arrange(MemorySegment place) {
    if (frame != null) {
      frame.put(place);
    }
    if (turn != null) {
      turn.put(place, target);
    }
  }

  /** Closes the image if it is open; the next use opens it anew. */
  synchronized void close() {
    if (image != null) {
      image.close();
      image = null;
    }
    if (apart != null) {
      apart.close();
      apart = null;
    }
  }
}
