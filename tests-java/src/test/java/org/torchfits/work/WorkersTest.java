package org.torchfits.work;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkersTest {
  private final Set<Thread> workers = ConcurrentHashMap.newKeySet();

  @BeforeEach
  void requireCores() {
    assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "one core: nobody helps the caller");
  }

  /** A job of two pieces that ends only if two threads work on it at once. */
  private Job jobForTwo() {
    CountDownLatch both = new CountDownLatch(2);
    return new Job(
        2,
        index -> {
          workers.add(Thread.currentThread());
          both.countDown();
          JobTest.awaitUninterruptibly(both);
        });
  }

  private Thread helper() {
    return workers.stream()
        .filter(thread -> thread != Thread.currentThread())
        .findFirst()
        .orElseThrow();
  }

  @Test
  void share_severalPieces_engineThreadHelps() {
    Job job = jobForTwo();
    Workers.share(job);
    assertTrue(job.help(JobTest.inAMinute()));
    assertEquals(2, workers.size());
    assertTrue(workers.contains(Thread.currentThread()));
  }

  @Test
  void share_severalPieces_helperIsNamedDaemon() {
    Job job = jobForTwo();
    Workers.share(job);
    assertTrue(job.help(JobTest.inAMinute()));
    assertTrue(helper().isDaemon());
    assertEquals("torchfits-worker", helper().getName());
  }

  @Test
  void share_jobHasEnded_helperIsParked() throws InterruptedException {
    Job job = jobForTwo();
    Workers.share(job);
    assertTrue(job.help(JobTest.inAMinute()));
    while (helper().getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
    assertTrue(helper().isAlive());
  }

  @Test
  void share_onePiece_isLeftToCaller() {
    Job job = new Job(1, index -> workers.add(Thread.currentThread()));
    Workers.share(job);
    assertFalse(workers.contains(Thread.currentThread()));
    assertTrue(job.help(JobTest.inAMinute()));
    assertEquals(Set.of(Thread.currentThread()), workers);
  }

  @Test
  void share_pieceFailsInHelper_helperLivesOn() {
    for (int round = 0; round < 20; round++) {
      Job failing =
          new Job(
              8,
              index -> {
                throw new IllegalStateException();
              });
      Workers.share(failing);
      assertTrue(failing.help(JobTest.inAMinute()));
    }
    Job job = jobForTwo();
    Workers.share(job);
    assertTrue(job.help(JobTest.inAMinute()));
  }
}
