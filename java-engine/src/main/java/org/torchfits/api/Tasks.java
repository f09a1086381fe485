package org.torchfits.api;

import java.util.ArrayDeque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
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
 * <p>A task may be begun ahead, and finished later by any thread.
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

  /** Tasks that were begun before their results were wanted, by their numbers. */
  private static final Map<Long, Read> AHEAD = new ConcurrentHashMap<>();

  private Tasks() {}

  /** What a thread of Python waits for: a task that is being prepared, or one that is worked on. */
  private static final class Read {
    private final Supplier<Task> preparation;
    private @Nullable Task task;
    private @Nullable FitsException failure;

    Read(Supplier<Task> preparation) {
      this.preparation = preparation;
    }

    /** Lets the engine's threads begin; what is wrong is told to who asks for the result. */
    void prepareAhead() {
      try {
        prepared();
      } catch (FitsException thrown) {
        failure = thrown;
      }
    }

    /** Works for a while; the task if it has ended and this call is still a short one. */
    @Nullable Task workToEnd() {
      long start = System.nanoTime();
      Task prepared = prepared();
      boolean ended = prepared != null && prepared.work(start + PATIENCE_NANOS);
      return ended && System.nanoTime() - start < SHORT_NANOS ? prepared : null;
    }

    private @Nullable Task prepared() {
      if (failure != null) {
        throw failure;
      }
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
    return proceed(new Read(preparation));
  }

  private static long proceed(Read read) {
    Task ended = read.workToEnd();
    if (ended != null) {
      return ended.end();
    }
    MINE.get().push(read);
    return Task.RUNNING;
  }

  /**
   * Begins a task whose result is asked for later: until then the engine's threads work on it, if
   * they do so at all, and no caller does.
   *
   * @param id of the task, chosen by the caller, so that it can drop the task even if a signal
   *     keeps this call's return from it; another one for each task of the process
   * @param preparation as for {@link #begin}
   */
  static void ahead(long id, Supplier<Task> preparation) {
    Read read = new Read(preparation);
    read.prepareAhead();
    AHEAD.put(id, read);
  }

  /** Works for a while on a task that was begun ahead: its result, or RUNNING, as {@link #help}. */
  public static long finish(long id) {
    Read read = AHEAD.remove(id);
    if (read == null) {
      throw new FitsException(ErrorKind.CANCELLED, "there is no task " + id);
    }
    return proceed(read);
  }

  /** Stops a task that was begun ahead and frees what it holds; nothing if it was finished. */
  public static void drop(long id) {
    Read read = AHEAD.remove(id);
    if (read != null) {
      read.cancel();
    }
  }

  /** Works on this thread's newest task for a while more: its result, or RUNNING. */
  public static long help() {
    ArrayDeque<Read> mine = MINE.get();
    Read read = mine.poll();
    if (read == null) {
      throw new FitsException(ErrorKind.CANCELLED, "this thread has no task");
    }
    return proceed(read);
  }

  /** Stops this thread's newest task and frees what it holds; nothing if it has none. */
  public static void cancel() {
    Read read = MINE.get().poll();
    if (read != null) {
      read.cancel();
    }
  }
}
