package org.torchfits.work;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The engine's threads: as many as cores, daemons, parked when nothing is asked. */
public final class Workers {
  private static final int CORES = Runtime.getRuntime().availableProcessors();
  private static final long FOREVER_NANOS = Long.MAX_VALUE / 2;
  private static final ExecutorService POOL = Executors.newFixedThreadPool(CORES, Workers::thread);

  private Workers() {}

  /** Lets engine threads help with a job that the caller works on as well. Returns at once. */
  public static void share(Job job) {
    long helpers = Math.min(CORES, job.pieces()) - 1;
    for (long helper = 0; helper < helpers; helper++) {
      POOL.execute(() -> job.runPieces(System.nanoTime() + FOREVER_NANOS));
    }
  }

  /** Lets an engine thread do something when one is free. Returns at once. */
  static void execute(Runnable work) {
    POOL.execute(work);
  }

  private static Thread thread(Runnable target) {
    return Thread.ofPlatform().daemon().name("torchfits-worker").unstarted(target);
  }
}
