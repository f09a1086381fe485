package org.torchfits.api;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.work.PendingTask;
import org.torchfits.work.Task;

/**
 * Reads that are begun now and asked for later, by their number, from any thread: engine threads
 * work on them meanwhile. How long a call takes is as {@link Tasks} has it.
 */
public final class PendingTasks {
  private static final Map<Long, PendingTask> BEGUN = new ConcurrentHashMap<>();

  private PendingTasks() {}

  /**
   * Begins with a task. Returns at once.
   *
   * @param number of the task, chosen by the caller, so that it can cancel the task even if a
   *     signal keeps it from learning that this call returned; another one for each task of the
   *     process
   * @param preparation makes the task; called again if it throws {@link
   *     org.torchfits.work.Unfinished}
   */
  static void begin(long number, Supplier<Task> preparation) {
    BEGUN.put(number, PendingTask.begin(preparation));
  }

  /**
   * Works on a task for a while: its result, or RUNNING. It tells the result, or the failure, as
   * often as it is asked, until {@link #forget}: of a call that met a signal Python learns nothing.
   */
  public static long help(long number) {
    PendingTask task = BEGUN.get(number);
    if (task == null) {
      throw new FitsException(ErrorKind.CANCELLED, "there is no task " + number);
    }
    return Tasks.work(task) ? task.end() : Task.RUNNING;
  }

  /** Lets go of a task whose result, which is the caller's then, or failure was learnt. */
  public static void forget(long number) {
    BEGUN.remove(number);
  }

  /** Whether a task has ended, so that {@link #help} tells its result at once. */
  public static boolean hasEnded(long number) {
    PendingTask task = BEGUN.get(number);
    return task == null || task.hasEnded();
  }

  /** Stops a task and frees what it holds; nothing if it is gone. */
  public static void cancel(long number) {
    cancel(BEGUN.remove(number));
  }

  /** Stops all tasks: the JVM is about to end. */
  public static void cancelAll() {
    BEGUN.keySet().forEach(PendingTasks::cancel);
  }

  private static void cancel(@Nullable PendingTask task) {
    if (task != null) {
      task.cancel();
    }
  }
}
