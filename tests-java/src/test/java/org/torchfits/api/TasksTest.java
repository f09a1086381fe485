package org.torchfits.api;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
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
class TasksTest {
  private final AtomicInteger closings = new AtomicInteger();

  /** A task of which one piece takes longer than a call waits. */
  private Task slow(Job.Piece last) {
    Job job =
        new Job(
            3,
            index -> {
              if (index < 2) {
                pause();
              } else {
                last.run(index);
              }
            });
    return new Task(job, null, closings::incrementAndGet);
  }

  private static void pause() {
    try {
      Thread.sleep(60);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static long finish() {
    long result = Task.RUNNING;
    while (result == Task.RUNNING) {
      result = Tasks.help();
    }
    return result;
  }

  private static long begin(Task task) {
    return Tasks.begin(() -> task);
  }

  private static void assertNoTask() {
    assertEquals(ErrorKind.CANCELLED, assertThrows(FitsException.class, Tasks::help).kind());
  }

  @Test
  void begin_shortTask_isItsResult() {
    DlpackTensor block = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, 4);
    Task task =
        new Task(
            new Job(1, index -> block.elements().set(JAVA_BYTE, 0, (byte) 3)),
            block,
            closings::incrementAndGet);
    task.work(
        System.nanoTime() + 60_000_000_000L); // what begins now is short on a busy machine too
    assertEquals(block.address(), begin(task));
    assertEquals(3, block.elements().get(JAVA_BYTE, 0));
    assertEquals(1, closings.get());
    NativeBlocks.free(block.address());
  }

  @Test
  void begin_longTask_runs() {
    assertEquals(Task.RUNNING, begin(slow(index -> {})));
    assertEquals(0, closings.get());
    assertEquals(Task.DONE, finish());
    assertEquals(1, closings.get());
  }

  @Test
  void begin_endsLate_keepsTheResultForAShortCall() {
    Task task = new Task(new Job(1, index -> pause()), null, closings::incrementAndGet);
    assertEquals(Task.RUNNING, begin(task));
    assertEquals(0, closings.get());
    assertEquals(Task.DONE, Tasks.help());
    assertEquals(1, closings.get());
  }

  @Test
  void begin_severalLongTasks_nest() {
    DlpackTensor block = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, 4);
    begin(slow(index -> {}));
    begin(new Task(new Job(1, index -> pause()), block, closings::incrementAndGet));
    assertEquals(block.address(), finish());
    assertEquals(1, closings.get());
    assertEquals(Task.DONE, finish());
    assertEquals(2, closings.get());
    NativeBlocks.free(block.address());
  }

  @Test
  void help_otherThread_hasNoTask() {
    begin(slow(index -> {}));
    CompletableFuture.runAsync(TasksTest::assertNoTask).join();
    assertEquals(Task.DONE, finish());
  }

  @Test
  void help_endedTask_isForgotten() {
    begin(slow(index -> {}));
    finish();
    assertNoTask();
  }

  @Test
  void help_failingTask_throwsOnceAndForgets() {
    begin(
        slow(index -> {
          throw new IllegalStateException("last piece");
        }));
    assertThrows(IllegalStateException.class, TasksTest::finish);
    assertEquals(1, closings.get());
    assertNoTask();
  }

  @Test
  void cancel_longTask_closesOnceAndForgets() {
    begin(slow(index -> {}));
    Tasks.cancel();
    Tasks.cancel();
    assertEquals(1, closings.get());
    assertNoTask();
  }

  @Test
  void cancel_noTask_isNothing() {
    assertDoesNotThrow(Tasks::cancel);
  }

  @Test
  void begin_preparationComesBack_isPreparedAgain() {
    AtomicInteger calls = new AtomicInteger();
    Supplier<Task> preparation =
        () -> {
          if (calls.incrementAndGet() < 3) {
            throw new Unfinished("");
          }
          return new Task(new Job(1, index -> {}), null, closings::incrementAndGet);
        };
    assertEquals(Task.RUNNING, Tasks.begin(preparation));
    assertEquals(Task.DONE, finish());
    assertEquals(3, calls.get());
    assertEquals(1, closings.get());
    assertNoTask();
  }

  @Test
  void help_preparationFails_isThatFailure() {
    AtomicInteger calls = new AtomicInteger();
    assertEquals(
        Task.RUNNING,
        Tasks.begin(() -> {
          if (calls.incrementAndGet() == 1) {
            throw new Unfinished("");
          }
          throw new FitsException(ErrorKind.BAD_DATA, "why");
        }));
    assertEquals(ErrorKind.BAD_DATA, assertThrows(FitsException.class, Tasks::help).kind());
    assertNoTask();
  }

  @Test
  void cancel_inPreparation_isForgotten() {
    Tasks.begin(() -> {
      throw new Unfinished("");
    });
    Tasks.cancel();
    assertNoTask();
  }
}
