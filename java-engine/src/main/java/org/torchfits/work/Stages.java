package org.torchfits.work;

import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/**
 * What was counted of some reads, or of all.
 *
 * <p>Safe for use by several threads.
 */
public final class Stages {
  static final Stages OF_PROCESS = new Stages();

  /** Counts nothing: nobody asks for the reads alone. */
  static final Stages UNASKED = new Stages(0);

  private final LongAdder[] counts;

  /** Nothing yet. */
  public Stages() {
    this(Stage.values().length);
  }

  private Stages(int length) {
    counts = new LongAdder[length];
    Arrays.setAll(counts, stage -> new LongAdder());
  }

  /** Of all reads since the engine began, but for what other threads are about to count. */
  public static Stages ofProcess() {
    Tally.mine().flush(UNASKED);
    return OF_PROCESS;
  }

  void add(Stage stage, long count) {
    if (this == UNASKED) {
      return;
    }
    counts[stage.index].add(count);
  }

  /** What was counted of a stage. */
  public long count(Stage stage) {
    return counts[stage.index].sum();
  }

  /** Name and count of each, with a tab between them, one a line. */
  @Override
  public String toString() {
    return Arrays.stream(Stage.values())
        .map(stage -> stage + "\t" + count(stage))
        .collect(Collectors.joining("\n"));
  }
}
