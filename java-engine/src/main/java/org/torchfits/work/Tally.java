package org.torchfits.work;

/**
 * What one thread counted since its last piece of a job. Plain numbers of its own, so that to count
 * costs as good as nothing.
 */
public final class Tally {
  private static final ThreadLocal<Tally> MINE = ThreadLocal.withInitial(Tally::new);
  private static final Stage[] STAGES = Stage.values();

  private final long[] counts = new long[STAGES.length];

  private Tally() {}

  /** That of the running thread. */
  public static Tally mine() {
    return MINE.get();
  }

  /** Counts something. */
  public void add(Stage stage, long count) {
    counts[stage.index] += count;
  }

  /** Counts the nanoseconds since {@code startNanos}, by {@link System#nanoTime()}. */
  public void addSince(Stage stage, long startNanos) {
    counts[stage.index] += System.nanoTime() - startNanos;
  }

  /** Nanoseconds that are counted already, in whatever stage. */
  public long nanos() {
    return counts[Stage.FETCH_NANOS.index]
        + counts[Stage.DECODE_NANOS.index]
        + counts[Stage.COPY_NANOS.index]
        + counts[Stage.WAIT_NANOS.index];
  }

  /** Hands over what was counted, to the process and to {@code stages}. */
  public void flush(Stages stages) {
    for (Stage stage : STAGES) {
      long count = counts[stage.index];
      if (count != 0) {
        Stages.OF_PROCESS.add(stage, count);
        stages.add(stage, count);
        counts[stage.index] = 0;
      }
    }
  }
}
