package org.torchfits.work;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Work cut into pieces that several threads take in turn: the caller's and the engine's. Once
 * {@link #help} has returned true, no thread touches what the pieces touch.
 */
public final class Job {
  /** Does one piece; called once for each, from any thread. */
  @FunctionalInterface
  public interface Piece {
    /**
     * Does piece {@code index}, from 0. An exception ends the whole job, but for {@link
     * Unfinished}: then the piece is done again.
     */
    void run(long index);
  }

  private static final long SPIN_NANOS = 200_000;

  private final long pieces;
  private final Piece work;
  private final Stages stages;
  private final ArrayDeque<Long> unfinished = new ArrayDeque<>();
  private long next;
  private int active;
  private boolean cancelled;
  private @Nullable Throwable failure;

  public Job(long pieces, Piece work) {
    this(pieces, work, Stages.UNASKED);
  }

  /**
   * @param stages count what the pieces do
   */
  public Job(long pieces, Piece work, Stages stages) {
    this.pieces = pieces;
    this.work = work;
    this.stages = stages;
  }

  /** Number of pieces. */
  public long pieces() {
    return pieces;
  }

  /**
   * Does pieces, then waits for those that others are doing.
   *
   * @param deadlineNanos by {@link System#nanoTime()}; a piece that was begun is finished
   * @return whether the job ended: all pieces are done, or one failed, or it was cancelled
   */
  public boolean help(long deadlineNanos) {
    runPieces(deadlineNanos);
    return awaitEnd(deadlineNanos);
  }

  /** Stops the job and returns when no thread works on it any more. */
  public synchronized void cancel() {
    cancelled = true;
    boolean interrupted = false;
    while (active > 0) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Throws what a piece threw, if one did. */
  public synchronized void rethrow() {
    raise(failure);
  }

  /** Throws what was caught, if anything was. */
  static void raise(@Nullable Throwable failure) {
    if (failure instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (failure instanceof Error error) {
      throw error;
    }
  }

  /** Whether a piece threw. */
  synchronized boolean hasFailed() {
    return failure != null;
  }

  /** Does pieces until none is left or the deadline has passed. */
  void runPieces(long deadlineNanos) {
    long piece = claim();
    while (piece >= 0) {
      runPiece(piece);
      piece = System.nanoTime() - deadlineNanos < 0 ? claim() : -1;
    }
  }

  private void runPiece(long piece) {
    Throwable thrown = null;
    try {
      work.run(piece);
    } catch (Unfinished again) {
      giveBack(piece);
    } catch (RuntimeException | Error e) {
      thrown = e;
    }
    Tally.mine().flush(stages);
    finish(thrown);
  }

  private synchronized long claim() {
    if (cancelled || failure != null || isTaken()) {
      return -1;
    }
    active++;
    Long again = unfinished.poll();
    return again != null ? again : next++;
  }

  private synchronized void giveBack(long piece) {
    unfinished.add(piece);
  }

  private boolean isTaken() {
    return next == pieces && unfinished.isEmpty();
  }

  private synchronized void finish(@Nullable Throwable thrown) {
    active--;
    if (failure == null) {
      failure = thrown;
    }
    if (active == 0) {
      notifyAll();
    }
  }

  /** The last pieces of others end soon after one's own: to sleep and be woken takes longer. */
  private boolean awaitEnd(long deadlineNanos) {
    if (hasEnded()) {
      return true;
    }
    long start = System.nanoTime();
    boolean ended = spinToEnd(start) || sleepToEnd(deadlineNanos);
    Tally.mine().addSince(Stage.WAIT_NANOS, start);
    Tally.mine().flush(stages);
    return ended;
  }

  private boolean spinToEnd(long start) {
    while (System.nanoTime() - start < SPIN_NANOS) {
      Thread.onSpinWait();
      if (hasEnded()) {
        return true;
      }
    }
    return false;
  }

  private synchronized boolean sleepToEnd(long deadlineNanos) {
    try {
      for (long millis = millisTo(deadlineNanos);
          !hasEnded() && millis > 0;
          millis = millisTo(deadlineNanos)) {
        wait(millis);
      }
    } catch (InterruptedException e) {
      // The caller comes back; it asks Python about signals first.
      return false;
    }
    return hasEnded();
  }

  private static long millisTo(long deadlineNanos) {
    return (deadlineNanos - System.nanoTime()) / 1_000_000;
  }

  /** Whether no thread works on it any more, and none will. */
  synchronized boolean hasEnded() {
    return active == 0 && (isTaken() || failure != null || cancelled);
  }
}
