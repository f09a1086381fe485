package org.torchfits.api;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.work.Task;

/**
 * Reads that take longer than Python may be kept waiting: it gets a ticket instead of a result,
 * looks for signals, and comes back.
 *
 * <p>A result is the address of a block (positive), {@link Task#DONE}, or a ticket (below {@link
 * Task#DONE}).
 */
public final class Tasks {
  /** How long a call may keep Python from seeing Ctrl-C. */
  private static final long PATIENCE_NANOS = 50_000_000;

  private static final ConcurrentHashMap<Long, Task> RUNNING = new ConcurrentHashMap<>();
  private static final AtomicLong LAST_TICKET = new AtomicLong(Task.DONE);

  private Tasks() {}

  /** Works on a new task for a while: its result, or a ticket. */
  static long begin(Task task) {
    long result = task.help(System.nanoTime() + PATIENCE_NANOS);
    if (result != Task.RUNNING) {
      return result;
    }
    long ticket = LAST_TICKET.decrementAndGet();
    RUNNING.put(ticket, task);
    return ticket;
  }

  /**
   * Works on a task for a while more: its result, or 0 if it still runs. Only by the thread that
   * began it.
   */
  public static long help(long ticket) {
    Task task = RUNNING.get(ticket);
    if (task == null) {
      throw new FitsException(ErrorKind.CANCELLED, "no task has the ticket " + ticket);
    }
    boolean ended = true;
    try {
      long result = task.help(System.nanoTime() + PATIENCE_NANOS);
      ended = result != Task.RUNNING;
      return result;
    } finally {
      if (ended) {
        RUNNING.remove(ticket);
      }
    }
  }

  /** Stops a task and frees what it holds; nothing if it ended. */
  public static void cancel(long ticket) {
    Task task = RUNNING.remove(ticket);
    if (task != null) {
      task.cancel();
    }
  }
}
