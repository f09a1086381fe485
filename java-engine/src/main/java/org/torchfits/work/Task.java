package org.torchfits.work;

import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.DlpackTensor;

/** A job that fills memory, with what it reads from. Owned by one caller. */
public final class Task {
  /** What {@link #help} returns while the job is not done. */
  public static final long RUNNING = 0;

  /** What {@link #help} returns when the job filled memory of the caller. */
  public static final long DONE = -1;

  /** What the job reads from; closed when no thread works on it any more. */
  @FunctionalInterface
  public interface Resource {
    void close();
  }

  private final Job job;
  private final @Nullable DlpackTensor block;
  private final Resource resource;

  /**
   * @param block that the job fills; null if it fills memory of the caller
   */
  public Task(Job job, @Nullable DlpackTensor block, Resource resource) {
    this.job = job;
    this.block = block;
    this.resource = resource;
  }

  /**
   * Works on the job until it ends or the deadline has passed, and keeps what it made.
   *
   * @param deadlineNanos by {@link System#nanoTime()}
   * @return whether the job ended: {@link #help} returns at once
   */
  public boolean work(long deadlineNanos) {
    return job.help(deadlineNanos);
  }

  /**
   * Works on the job until it ends or the deadline has passed.
   *
   * @param deadlineNanos by {@link System#nanoTime()}
   * @return the address of the block, which is the caller's from now on; or {@link #DONE} or {@link
   *     #RUNNING}
   */
  public long help(long deadlineNanos) {
    if (!work(deadlineNanos)) {
      return RUNNING;
    }
    try {
      job.rethrow();
      return block == null ? DONE : block.release();
    } finally {
      free();
    }
  }

  /** Gives the work up and frees everything. */
  public void cancel() {
    job.cancel();
    free();
  }

  private void free() {
    resource.close();
    if (block != null) {
      block.close();
    }
  }
}
