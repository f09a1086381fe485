package org.torchfits.api;

import java.util.ArrayDeque;
import java.util.function.Supplier;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.work.PendingTask;
import org.torchfits.work.Task;
import org.torchfits.work.Unfinished;

/**
 * Reads that take longer than Python may be kept waiting: the call returns without a result, Python
 * looks for signals, and comes back.
 *
 * <p>If a signal came in during a call, Python drops what the call returned. So a call that took
 * long returns no result even if the task has ended: the task stays its thread's until a short call
 * returns the result, or {@link #cancel} frees it. A handler of a signal may read as well, so the
 * tasks of a thread nest.
 *
 * <p>A result is the address of a block (positive), {@link Task#DONE}, or {@link Task#RUNNING}.
 */
public final class Tasks {
  /** How long a call may keep Python from seeing Ctrl-C. */
  private static final long PATIENCE_NANOS = 50_000_000;

  /** A call as short as this hardly ever meets a signal, and has read little that could be lost. */
  private static final long SHORT_NANOS = 1_000_000;

  private static final ThreadLocal<ArrayDeque<PendingTask>> MINE =
      ThreadLocal.withInitial(ArrayDeque::new);

  private Tasks() {}

  /** Works for a while; whether the task has ended. */
  static boolean work(PendingTask task) {
    return task.work(System.nanoTime() + PATIENCE_NANOS);
  }

  /** Likewise; whether it has ended and this call is still a short one. */
  private static boolean workToEnd(PendingTask task) {
    long start = System.nanoTime();
    return work(task) && System.nanoTime() - start < SHORT_NANOS;
  }

  /**
   * Works on a new task for a while: its result, or RUNNING.
   *
   * @param preparation makes the task; called again if it throws {@link Unfinished}
   */
  static long begin(Supplier<Task> preparation) {
    return proceed(new PendingTask(preparation));
  }

  /** Works on this thread's newest task for a while more: its result, or RUNNING. */
  public static long help() {
    PendingTask task = MINE.get().poll();
    if (task == null) {
      throw new FitsException(ErrorKind.CANCELLED, "this thread has no task");
    }
    return proceed(task);
  }

  /** A task that cannot be made has nothing to lose: it is told at once. */
  private static long proceed(PendingTask task) {
    if (workToEnd(task) || task.isRefused()) {
      return task.end();
    }
    MINE.get().push(task);
    return Task.RUNNING;
  }

  /** Stops this thread's newest task and frees what it holds; nothing if it has none. */
  public static void cancel() {
    PendingTask task = MINE.get().poll();
    if (task != null) {
      task.cancel();
    }
  }
}
