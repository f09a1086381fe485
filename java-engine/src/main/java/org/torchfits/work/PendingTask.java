package org.torchfits.work;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A task from the moment on that it is wanted: prepared by the first thread that comes, worked on
 * by several.
 */
public final class PendingTask {
  private static final long FOREVER_NANOS = Long.MAX_VALUE / 2;

  private final Supplier<Task> preparation;

  /** Guards what follows. Whoever waits for a thread that prepares looks at the clock. */
  private final ReentrantLock lock = new ReentrantLock();

  private @Nullable Task task;
  private @Nullable Throwable failure;
  private boolean cancelled;
  private long made = Task.RUNNING;

  /**
   * A task that nobody works on yet.
   *
   * @param preparation makes the task; called again if it throws {@link Unfinished}
   */
  public PendingTask(Supplier<Task> preparation) {
    this.preparation = preparation;
  }

  /**
   * A task that engine threads prepare and work on, whether anybody waits for it or not. Returns at
   * once.
   *
   * @param preparation as above
   */
  public static PendingTask begin(Supplier<Task> preparation) {
    PendingTask pending = new PendingTask(preparation);
    Workers.execute(pending::workToEnd);
    return pending;
  }

  private void workToEnd() {
    boolean ended = false;
    while (!ended) {
      ended = work(System.nanoTime() + FOREVER_NANOS);
    }
  }

  /**
   * Works on the task until it ends or the deadline has passed.
   *
   * @param deadlineNanos by {@link System#nanoTime()}
   * @return whether it ended, or cannot be made: it is time for {@link #end}
   */
  public boolean work(long deadlineNanos) {
    if (!isLocked(deadlineNanos - System.nanoTime())) {
      return false;
    }
    Task prepared;
    try {
      prepare();
      if (isOver()) {
        return true;
      }
      prepared = task;
    } finally {
      lock.unlock();
    }
    return prepared != null && prepared.work(deadlineNanos);
  }

  private boolean isLocked(long nanos) {
    try {
      return lock.tryLock() || lock.tryLock(nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      // The caller comes back; it asks Python about signals first.
      return false;
    }
  }

  /** A failure waits for {@link #end}, like one of a job. */
  private void prepare() {
    if (task != null || isOver()) {
      return;
    }
    try {
      task = preparation.get();
    } catch (Unfinished comeBack) {
      // Who works on the task next goes on.
    } catch (RuntimeException | Error thrown) {
      failure = thrown;
    }
  }

  /** Whether {@link #end} gives what the task made, or throws, at once. */
  public boolean hasEnded() {
    return ifIdle(() -> isOver() || (task != null && task.hasEnded()));
  }

  /** Whether nothing is left to do or to end. Called with the lock. */
  private boolean isOver() {
    return failure != null || cancelled || made != Task.RUNNING;
  }

  /** Whether the task cannot be made: {@link #end} tells why. */
  public boolean isRefused() {
    return ifIdle(() -> failure != null);
  }

  /** The answer to a question; false while a thread prepares the task. */
  private boolean ifIdle(BooleanSupplier question) {
    if (!lock.tryLock()) {
      return false;
    }
    try {
      return question.getAsBoolean();
    } finally {
      lock.unlock();
    }
  }

  /**
   * What the task made, as {@link Task#end} has it, or its failure, when it has ended; told again
   * if asked again.
   */
  public long end() {
    lock.lock();
    try {
      if (task != null) {
        end(task);
      }
      Job.raise(failure);
      return made;
    } finally {
      lock.unlock();
    }
  }

  /** Once: it frees what the task holds. */
  private void end(Task ended) {
    task = null;
    try {
      made = ended.end();
    } catch (RuntimeException | Error thrown) {
      failure = thrown;
    }
  }

  /** Gives the work up and frees everything, unless {@link #end} did. */
  public void cancel() {
    lock.lock();
    try {
      cancelled = true;
      if (task != null) {
        task.cancel();
      }
    } finally {
      lock.unlock();
    }
  }
}
