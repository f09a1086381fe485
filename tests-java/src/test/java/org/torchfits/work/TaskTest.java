package org.torchfits.work;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.NativeBlocks;

class TaskTest {
  private final AtomicInteger closings = new AtomicInteger();
  private final DlpackTensor block =
      DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, NativeBlocks.OWN_MAPPING_BYTES);

  @AfterEach
  void requireNoLeak() {
    assertFalse(NativeBlocks.isMapped(block.address()));
  }

  private Task task(long pieces, Job.Piece piece) {
    return new Task(new Job(pieces, piece), block, closings::incrementAndGet);
  }

  @Test
  void help_done_givesBlockAway() {
    Task task = task(3, index -> block.elements().set(JAVA_BYTE, index, (byte) (index + 1)));
    assertEquals(block.address(), task.help(JobTest.inAMinute()));
    assertEquals(3, block.elements().get(JAVA_BYTE, 2));
    assertEquals(1, closings.get());
    NativeBlocks.free(block.address());
  }

  @Test
  void help_notDone_keepsAll() {
    Task task = task(2, index -> {});
    assertEquals(Task.RUNNING, task.help(JobTest.soon()));
    assertEquals(0, closings.get());
    assertTrue(NativeBlocks.isMapped(block.address()));
    task.cancel();
  }

  @Test
  void help_memoryOfCaller_isDone() {
    block.close();
    Task task = new Task(new Job(1, index -> {}), null, closings::incrementAndGet);
    assertEquals(Task.DONE, task.help(JobTest.inAMinute()));
    assertEquals(1, closings.get());
  }

  @Test
  void help_pieceFails_freesAllAndThrows() {
    RuntimeException failure = new IllegalStateException();
    Task task =
        task(
            1,
            index -> {
              throw failure;
            });
    assertSame(
        failure, assertThrows(IllegalStateException.class, () -> task.help(JobTest.inAMinute())));
    assertEquals(1, closings.get());
    assertFalse(NativeBlocks.isMapped(block.address()));
  }

  @Test
  void cancel_notDone_freesAll() {
    Task task = task(2, index -> {});
    task.help(JobTest.soon());
    task.cancel();
    assertEquals(1, closings.get());
    assertFalse(NativeBlocks.isMapped(block.address()));
  }

  @Test
  void cancel_pieceIsActive_freesBehindIt() throws InterruptedException {
    JobTest.Gate gate = new JobTest.Gate();
    Job job = new Job(1, gate);
    Task task = new Task(job, block, closings::incrementAndGet);
    Thread worker = Thread.ofPlatform().daemon().start(() -> job.runPieces(JobTest.inAMinute()));
    gate.entered.await();
    Thread canceller = Thread.ofPlatform().daemon().start(task::cancel);
    while (canceller.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
    assertEquals(0, closings.get());
    assertTrue(NativeBlocks.isMapped(block.address()));
    gate.open.countDown();
    canceller.join();
    worker.join();
    assertEquals(1, closings.get());
  }

  private Task.Second second(Job job, DlpackTensor... parts) {
    return new Task.Second(job, new Task.Result(block, List.of(parts)));
  }

  @Test
  void help_twoJobs_givesBlockOfTheSecond() {
    AtomicInteger found = new AtomicInteger();
    DlpackTensor part = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, 3);
    Task task =
        Task.ofTwoJobs(
            new Job(3, index -> found.incrementAndGet()),
            () -> {
              assertEquals(3, found.get());
              return second(
                  new Job(2, index -> block.elements().set(JAVA_BYTE, index, (byte) 7)), part);
            },
            closings::incrementAndGet);
    assertEquals(block.address(), task.help(JobTest.inAMinute()));
    assertEquals(7, block.elements().get(JAVA_BYTE, 1));
    assertEquals(1, closings.get());
    NativeBlocks.free(part.address());
    NativeBlocks.free(block.address());
  }

  @Test
  void help_firstOfTwoFails_beginsNoSecond() {
    block.close();
    RuntimeException failure = new IllegalStateException();
    Task task =
        Task.ofTwoJobs(
            new Job(
                1,
                index -> {
                  throw failure;
                }),
            () -> {
              throw new AssertionError("begun");
            },
            closings::incrementAndGet);
    assertSame(
        failure, assertThrows(IllegalStateException.class, () -> task.help(JobTest.inAMinute())));
    assertEquals(1, closings.get());
  }

  @Test
  void work_secondCannotBeMade_failsInHelp() {
    block.close();
    RuntimeException failure = new IllegalStateException();
    Task task =
        Task.ofTwoJobs(
            new Job(1, index -> {}),
            () -> {
              throw failure;
            },
            closings::incrementAndGet);
    assertTrue(task.work(JobTest.inAMinute()));
    assertSame(
        failure, assertThrows(IllegalStateException.class, () -> task.help(JobTest.inAMinute())));
    assertEquals(1, closings.get());
  }

  @Test
  void help_secondFails_freesAll() {
    RuntimeException failure = new IllegalStateException();
    Task task =
        Task.ofTwoJobs(
            new Job(1, index -> {}),
            () ->
                second(
                    new Job(
                        1,
                        index -> {
                          throw failure;
                        })),
            closings::incrementAndGet);
    assertThrows(IllegalStateException.class, () -> task.help(JobTest.inAMinute()));
    assertEquals(1, closings.get());
  }
}
