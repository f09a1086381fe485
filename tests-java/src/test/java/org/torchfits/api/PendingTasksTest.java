package org.torchfits.api;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.NativeBlocks;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.work.Job;
import org.torchfits.work.Task;
import org.torchfits.work.Unfinished;

@Timeout(60)
class PendingTasksTest {
  private static final AtomicInteger NUMBERS = new AtomicInteger();

  private final AtomicInteger closings = new AtomicInteger();

  /** Others are those of Python. */
  private final long number = -NUMBERS.incrementAndGet();

  @AfterEach
  void forgotten_isGone() {
    PendingTasks.forget(number);
    assertTrue(PendingTasks.hasEnded(number));
    assertEquals(
        ErrorKind.CANCELLED,
        assertThrows(FitsException.class, () -> PendingTasks.help(number)).kind());
  }

  private Task task(Job job, @Nullable DlpackTensor block) {
    return new Task(job, block, closings::incrementAndGet);
  }

  private Task task(Job job) {
    return task(job, null);
  }

  private long finish() {
    long result = Task.RUNNING;
    while (result == Task.RUNNING) {
      result = PendingTasks.help(number);
    }
    return result;
  }

  private void awaitEnd() throws InterruptedException {
    while (!PendingTasks.hasEnded(number)) {
      Thread.sleep(1);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void begin_nobodyHelps_isWorkedOn() throws InterruptedException {
    AtomicInteger pieces = new AtomicInteger();
    PendingTasks.begin(number, () -> task(new Job(100, index -> pieces.incrementAndGet())));
    awaitEnd();
    assertEquals(100, pieces.get());
    assertEquals(0, closings.get());
    assertEquals(Task.DONE, finish());
    assertEquals(1, closings.get());
  }

  @Test
  void begin_twoJobs_bothAreWorkedOn() throws InterruptedException {
    AtomicInteger pieces = new AtomicInteger();
    DlpackTensor block = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, 4);
    PendingTasks.begin(
        number,
        () ->
            Task.ofTwoJobs(
                new Job(10, index -> pieces.incrementAndGet()),
                () ->
                    new Task.Second(
                        new Job(10, index -> pieces.addAndGet(100)),
                        new Task.Result(block, List.of())),
                closings::incrementAndGet));
    awaitEnd();
    assertEquals(1010, pieces.get());
    assertEquals(block.address(), finish());
    NativeBlocks.free(block.address());
  }

  @Test
  void help_anotherThread_isTheResult() {
    DlpackTensor block = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, 4);
    PendingTasks.begin(number, () -> task(new Job(1, index -> {}), block));
    assertEquals(block.address(), CompletableFuture.supplyAsync(this::finish).join());
    assertEquals(block.address(), finish(), "a signal may have kept it from Python");
    assertEquals(1, closings.get());
    NativeBlocks.free(block.address());
  }

  @Test
  void help_preparationComesBack_isPreparedAgain() {
    AtomicInteger calls = new AtomicInteger();
    Supplier<Task> preparation =
        () -> {
          if (calls.incrementAndGet() < 3) {
            throw new Unfinished("");
          }
          return task(new Job(1, index -> {}));
        };
    PendingTasks.begin(number, preparation);
    assertEquals(Task.DONE, finish());
    assertEquals(3, calls.get());
  }

  @Test
  void help_preparationFails_isThatFailure() throws InterruptedException {
    PendingTasks.begin(
        number,
        () -> {
          throw new FitsException(ErrorKind.NOT_FITS, "no");
        });
    awaitEnd();
    assertEquals(ErrorKind.NOT_FITS, assertThrows(FitsException.class, this::finish).kind());
    assertEquals(ErrorKind.NOT_FITS, assertThrows(FitsException.class, this::finish).kind());
  }

  @Test
  void help_pieceFails_isThatFailure() {
    PendingTasks.begin(
        number,
        () ->
            task(
                new Job(
                    8,
                    index -> {
                      throw new FitsException(ErrorKind.BAD_DATA, "why");
                    })));
    assertEquals(ErrorKind.BAD_DATA, assertThrows(FitsException.class, this::finish).kind());
    assertEquals(ErrorKind.BAD_DATA, assertThrows(FitsException.class, this::finish).kind());
    assertEquals(1, closings.get());
  }

  @Test
  void hasEnded_pieceUnderWay_isFalse() {
    CountDownLatch end = new CountDownLatch(1);
    PendingTasks.begin(number, () -> task(new Job(1, index -> await(end))));
    assertFalse(PendingTasks.hasEnded(number));
    end.countDown();
    assertEquals(Task.DONE, finish());
  }

  @Test
  void cancel_pieceUnderWay_waitsForIt() {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch end = new CountDownLatch(1);
    AtomicInteger ended = new AtomicInteger();
    Job job =
        new Job(
            1L << 40,
            index -> {
              begun.countDown();
              await(end);
              ended.incrementAndGet();
            });
    PendingTasks.begin(number, () -> task(job));
    await(begun);
    CompletableFuture<Void> cancelled =
        CompletableFuture.runAsync(() -> PendingTasks.cancel(number));
    end.countDown();
    cancelled.join();
    int atEnd = ended.get();
    assertTrue(atEnd > 0);
    assertEquals(1, closings.get());
    assertEquals(atEnd, ended.get());
  }

  @Test
  void cancel_again_isNothing() {
    PendingTasks.begin(number, () -> task(new Job(1, index -> {})));
    PendingTasks.cancel(number);
    PendingTasks.cancel(number);
    assertTrue(closings.get() <= 1);
    assertDoesNotThrow(() -> PendingTasks.cancel(number));
  }

  @Test
  void cancelAll_some_stopsThem() {
    PendingTasks.begin(number, () -> task(new Job(1, index -> {})));
    PendingTasks.cancelAll();
    assertTrue(PendingTasks.hasEnded(number));
  }
}
