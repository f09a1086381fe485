package org.torchfits.batch;

import java.util.List;
import org.torchfits.work.Job;
import org.torchfits.work.Workers;

/** The images of a batch, read in steps by all threads. */
record Slots(List<Slot> slots) {
  /** The job of reading all of them, each in so many steps; engine threads begin at once. */
  Job read(long stepsEach) {
    return share(
        new Job(
            slots.size() * stepsEach,
            piece -> slots.get((int) (piece / stepsEach)).read(piece % stepsEach)));
  }

  /**
   * Likewise.
   *
   * @param firstStep of each image, and behind that the number of all steps
   */
  Job read(long[] firstStep) {
    return share(
        new Job(
            firstStep[slots.size()],
            piece -> {
              int slot = slotOf(piece, firstStep);
              slots.get(slot).read(piece - firstStep[slot]);
            }));
  }

  private static int slotOf(long piece, long[] firstStep) {
    int low = 0;
    int high = firstStep.length - 1;
    while (high - low > 1) {
      int middle = (low + high) >>> 1;
      if (firstStep[middle] <= piece) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Begins with a job at once. */
  static Job share(Job job) {
    Workers.share(job);
    return job;
  }

  /** Closes what a job that did not end left open. */
  void close() {
    slots.forEach(Slot::close);
  }
}
