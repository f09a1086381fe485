package org.torchfits.work;

import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.DlpackTensor;

/**
 * A job that fills memory, with what it reads from.
 *
 * <p>Several threads may work on it; one of them ends or cancels it.
 */
public final class Task {
  /** What {@link #help} returns while the job is not done. */
  public static final long RUNNING = 0;

  /** What {@link #end} returns when the job filled memory of the caller. */
  public static final long DONE = -1;

  /** What the job reads from; closed when no thread works on it any more. */
  @FunctionalInterface
  public interface Resource {
    void close();
  }

  /**
   * What a job fills.
   *
   * @param block that the caller gets
   * @param parts blocks whose addresses stand in that block, which the caller gets with it
   */
  public record Result(DlpackTensor block, List<DlpackTensor> parts) {
    private long release() {
      parts.forEach(DlpackTensor::release);
      return block.release();
    }

    private void close() {
      parts.forEach(DlpackTensor::close);
      block.close();
    }
  }

  /**
   * A job that could be made only when another one had ended.
   *
   * @param result what the jobs fill; null if another job follows
   * @param next makes the job after this one; null if this is the last one
   */
  public record Second(Job job, @Nullable Result result, @Nullable Supplier<Second> next) {
    /** The last job. */
    public Second(Job job, Result result) {
      this(job, result, null);
    }

    /** A job that others follow. */
    public Second(Job job, Supplier<Second> next) {
      this(job, null, next);
    }
  }

  private Job job;
  private @Nullable Result result;
  private final Resource resource;
  private @Nullable Supplier<Second> next;
  private @Nullable Throwable failure;
  private boolean cancelled;

  /**
   * @param block that the job fills; null if it fills memory of the caller
   */
  public Task(Job job, @Nullable DlpackTensor block, Resource resource) {
    this(job, block == null ? null : new Result(block, List.of()), null, resource);
  }

  private Task(
      Job job, @Nullable Result result, @Nullable Supplier<Second> next, Resource resource) {
    this.job = job;
    this.result = result;
    this.next = next;
    this.resource = resource;
  }

  /**
   * A task of one job.
   *
   * @param result that it fills
   */
  public static Task of(Job job, Result result, Resource resource) {
    return new Task(job, result, null, resource);
  }

  /**
   * A task of two jobs.
   *
   * @param next makes the second one from what the first one found; called once, if that did not
   *     fail
   */
  public static Task ofTwoJobs(Job first, Supplier<Second> next, Resource resource) {
    return new Task(first, null, next, resource);
  }

  /** A task of a job that others follow. */
  public static Task of(Second first, Resource resource) {
    return new Task(first.job(), first.result(), first.next(), resource);
  }

  /**
   * Works on the job until it ends or the deadline has passed, and keeps what it made.
   *
   * @param deadlineNanos by {@link System#nanoTime()}
   * @return whether the job ended: it is time for {@link #end}
   */
  public boolean work(long deadlineNanos) {
    for (Job current = job(); current.help(deadlineNanos); ) {
      Job following = following(current);
      if (following == null) {
        return true;
      }
      current = following;
    }
    return false;
  }

  private synchronized Job job() {
    return job;
  }

  /** The job after one that has ended; null if that was the last one. */
  private synchronized @Nullable Job following(Job ended) {
    if (job != ended) {
      return job;
    }
    Supplier<Second> second = next;
    if (second == null || cancelled || ended.hasFailed()) {
      return null;
    }
    next = null;
    begin(second);
    return failure == null ? job : null;
  }

  /** Whether the job ended: it is time for {@link #end}. */
  synchronized boolean hasEnded() {
    return job.hasEnded() && (next == null || cancelled || job.hasFailed());
  }

  /** A failure waits for {@link #end}, like one of a job. */
  private void begin(Supplier<Second> supplier) {
    try {
      Second second = supplier.get();
      job = second.job();
      result = second.result();
      next = second.next();
    } catch (RuntimeException | Error thrown) {
      failure = thrown;
    }
  }

  /**
   * Works on the job until it ends or the deadline has passed.
   *
   * @param deadlineNanos by {@link System#nanoTime()}
   * @return as {@link #end} does, or {@link #RUNNING}
   */
  public long help(long deadlineNanos) {
    return work(deadlineNanos) ? end() : RUNNING;
  }

  /**
   * What a job made that has ended.
   *
   * @return the address of the block, which is the caller's from now on; or {@link #DONE}
   */
  public synchronized long end() {
    try {
      Job.raise(failure);
      job.rethrow();
      return result == null ? DONE : result.release();
    } finally {
      free();
    }
  }

  /** Gives the work up and frees everything. */
  public synchronized void cancel() {
    cancelled = true;
    job.cancel();
    free();
  }

  private void free() {
    resource.close();
    if (result != null) {
      result.close();
    }
  }
}
