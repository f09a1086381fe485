package org.torchfits.work;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The timeouts are there for defects that would wait forever. */
@Timeout(60)
class JobTest {
  static long soon() {
    return System.nanoTime();
  }

  static long inAMinute() {
    return System.nanoTime() + 60_000_000_000L;
  }

  /** A piece that waits until it is let go. */
  static final class Gate implements Job.Piece {
    final CountDownLatch entered = new CountDownLatch(1);
    final CountDownLatch open = new CountDownLatch(1);

    @Override
    public void run(long index) {
      entered.countDown();
      awaitUninterruptibly(open);
    }
  }

  static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Thread start(Runnable work) {
    return Thread.ofPlatform().daemon().start(work);
  }

  private static void awaitWaiting(Thread thread) throws InterruptedException {
    while (thread.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
  }

  @Test
  void help_alone_doesPiecesInOrder() {
    List<Long> done = new ArrayList<>();
    Job job = new Job(5, done::add);
    assertTrue(job.help(inAMinute()));
    assertEquals(List.of(0L, 1L, 2L, 3L, 4L), done);
  }

  @Test
  void help_noPieces_hasEnded() {
    Job job =
        new Job(
            0,
            index -> {
              throw new AssertionError("piece " + index);
            });
    assertTrue(job.help(soon()));
    assertDoesNotThrow(job::rethrow);
  }

  @Test
  void help_manyThreads_doEachPieceOnce() throws InterruptedException {
    AtomicIntegerArray runs = new AtomicIntegerArray(100_000);
    Job job = new Job(runs.length(), index -> runs.incrementAndGet((int) index));
    List<Thread> threads =
        IntStream.range(0, 8).mapToObj(i -> start(() -> job.help(inAMinute()))).toList();
    assertTrue(job.help(inAMinute()));
    assertEquals(
        runs.length(), IntStream.range(0, runs.length()).filter(i -> runs.get(i) == 1).count());
    for (Thread thread : threads) {
      thread.join();
    }
  }

  @Test
  void help_deadlineHasPassed_doesOnePieceACall() {
    AtomicInteger done = new AtomicInteger();
    Job job = new Job(3, index -> done.incrementAndGet());
    assertFalse(job.help(soon()));
    assertEquals(1, done.get());
    assertFalse(job.help(soon()));
    assertTrue(job.help(soon()));
    assertEquals(3, done.get());
  }

  @Test
  void help_otherThreadIsBusy_waitsForIt() throws InterruptedException {
    Gate gate = new Gate();
    Job job = new Job(1, gate);
    Thread other = start(() -> job.runPieces(inAMinute()));
    gate.entered.await();
    assertFalse(job.help(System.nanoTime() + 5_000_000));
    gate.open.countDown();
    assertTrue(job.help(inAMinute()));
    other.join();
  }

  @Test
  void help_interrupted_returnsBeforeTheEnd() throws InterruptedException {
    Gate gate = new Gate();
    Job job = new Job(1, gate);
    Thread other = start(() -> job.runPieces(inAMinute()));
    gate.entered.await();
    Thread.currentThread().interrupt();
    assertFalse(job.help(inAMinute()));
    assertFalse(Thread.interrupted());
    gate.open.countDown();
    assertTrue(job.help(inAMinute()));
    other.join();
  }

  @Test
  void help_pieceFails_doesNoMore() {
    RuntimeException failure = new IllegalStateException("piece 2");
    List<Long> done = new ArrayList<>();
    Job job =
        new Job(
            5,
            index -> {
              if (index == 2) {
                throw failure;
              }
              done.add(index);
            });
    assertTrue(job.help(inAMinute()));
    assertEquals(List.of(0L, 1L), done);
    assertSame(failure, assertThrows(IllegalStateException.class, job::rethrow));
  }

  @Test
  void rethrow_pieceThrewError_throwsIt() {
    Error failure = new StackOverflowError();
    Job job =
        new Job(
            1,
            index -> {
              throw failure;
            });
    assertTrue(job.help(inAMinute()));
    assertSame(failure, assertThrows(StackOverflowError.class, job::rethrow));
  }

  @Test
  void rethrow_severalFail_throwsTheFirst() throws InterruptedException {
    CountDownLatch bothRun = new CountDownLatch(2);
    CountDownLatch second = new CountDownLatch(1);
    Job job =
        new Job(
            2,
            index -> {
              bothRun.countDown();
              awaitUninterruptibly(index == 0 ? bothRun : second);
              throw new IllegalStateException("piece " + index);
            });
    Thread first = start(() -> job.runPieces(soon()));
    Thread other = start(() -> job.runPieces(soon()));
    bothRun.await();
    while (first.isAlive() && other.isAlive()) {
      Thread.sleep(1);
    }
    second.countDown();
    assertTrue(job.help(inAMinute()));
    assertEquals("piece 0", assertThrows(IllegalStateException.class, job::rethrow).getMessage());
    first.join();
    other.join();
  }

  @Test
  void help_failureWhileOtherWorks_waitsForOther() throws InterruptedException {
    Gate gate = new Gate();
    Job job =
        new Job(
            2,
            index -> {
              if (index == 1) {
                throw new IllegalStateException();
              }
              gate.run(index);
            });
    Thread other = start(() -> job.runPieces(inAMinute()));
    gate.entered.await();
    assertFalse(job.help(System.nanoTime() + 5_000_000));
    gate.open.countDown();
    assertTrue(job.help(inAMinute()));
    other.join();
  }

  @Test
  void cancel_pieceIsActive_waitsForIt() throws InterruptedException {
    Gate gate = new Gate();
    AtomicBoolean cancelled = new AtomicBoolean();
    Job job = new Job(2, gate);
    Thread worker = start(() -> job.runPieces(inAMinute()));
    gate.entered.await();
    Thread canceller =
        start(() -> {
          job.cancel();
          cancelled.set(true);
        });
    awaitWaiting(canceller);
    assertFalse(cancelled.get());
    gate.open.countDown();
    canceller.join();
    assertTrue(cancelled.get());
    worker.join();
  }

  @Test
  void cancel_before_doesNoPiece() {
    Job job =
        new Job(
            3,
            index -> {
              throw new AssertionError("piece " + index);
            });
    job.cancel();
    assertTrue(job.help(inAMinute()));
    assertDoesNotThrow(job::rethrow);
  }

  @Test
  void cancel_interrupted_waitsOnAndKeepsInterrupt() throws InterruptedException {
    Gate gate = new Gate();
    AtomicBoolean interrupted = new AtomicBoolean();
    Job job = new Job(1, gate);
    Thread worker = start(() -> job.runPieces(inAMinute()));
    gate.entered.await();
    Thread canceller =
        start(() -> {
          job.cancel();
          interrupted.set(Thread.currentThread().isInterrupted());
        });
    awaitWaiting(canceller);
    canceller.interrupt();
    awaitWaiting(canceller);
    gate.open.countDown();
    canceller.join();
    assertTrue(interrupted.get());
    worker.join();
  }

  @Test
  void pieces_any_isTheirNumber() {
    assertEquals(7, new Job(7, index -> {}).pieces());
  }

  @Test
  void help_pieceThatComesBack_isDoneAgain() {
    AtomicIntegerArray tries = new AtomicIntegerArray(5);
    Job job =
        new Job(
            5,
            index -> {
              if (tries.incrementAndGet((int) index) < 3 && index % 2 == 0) {
                throw new Unfinished("");
              }
            });
    while (!job.help(soon())) {}
    assertEquals("[3, 1, 3, 1, 3]", tries.toString());
    job.rethrow();
  }
}
