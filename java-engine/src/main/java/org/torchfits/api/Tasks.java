package org.torchfits.api;

import java.util.ArrayDeque;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
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

  private static final ThreadLocal<ArrayDeque<Read>> MINE =
      ThreadLocal.withInitial(ArrayDeque::new);

  private Tasks() {}

  /** What a thread of Python waits for: a task that is being prepared, or one that is worked on. */
  private static final class Read {
    private final Supplier<Task> preparation;
    private @Nullable Task task;

    Read(Supplier<Task> preparation) {
      this.preparation = preparation;
    }

    /** Works for a while; the task if it has ended and this call is still a short one. */
    @Nullable Task workToEnd() {
      long start = System.nanoTime();
      Task prepared = prepared();
      boolean ended = prepared != null && prepared.work(start + PATIENCE_NANOS);
      return ended && System.nanoTime() - start < SHORT_NANOS ? prepared : null;
    }

    private @Nullable Task prepared() {
      if (task == null) {
        try {
          task = preparation.get();
        } catch (Unfinished comeBack) {
          return null;
        }
      }
      return task;
    }

    void cancel() {
      if (task != null) {
        task.cancel();
      }
    }
  }

  /**
   * Works on a new task for a while: its result, or RUNNING.
   *
   * @param preparation makes the task; called again if it throws {@link Unfinished}
   */
  static long begin(Supplier<Task> preparation) {
    Read read = new Read(preparation);
    Task ended = read.workToEnd();
    if (ended != null) {
      return ended.end();
    }
    MINE.get().push(read);
    return Task.RUNNING;
  }

  /** Works on this thread's newest task for a while more: its result, or RUNNING. */
  public static long help() {
    ArrayDeque<Read> mine = MINE.get();
    Read read = mine.poll();
    if (read == null) {
      throw new FitsException(ErrorKind.CANCELLED, "this thread has no task");
    }
    Task ended = read.workToEnd();
    if (ended != null) {
      return ended.end();
    }
    mine.push(read);
    return Task.RUNNING;
  }

  /** Stops this thread's newest task and frees what it holds; nothing if it has none. */
  public static void cancel() {
    Read read = MINE.get().poll();
    if (read != null) {
      read.cancel();
    }
  }
}
