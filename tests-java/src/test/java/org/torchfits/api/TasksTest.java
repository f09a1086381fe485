package org.torchfits.api;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
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

  private static long finish(long ticket) {
    long result = 0;
    while (result == 0) {
      result = Tasks.help(ticket);
    }
    return result;
  }

  private static ErrorKind helpFailure(long ticket) {
    return assertThrows(FitsException.class, () -> Tasks.help(ticket)).kind();
  }

  @Test
  void begin_shortTask_isItsResult() {
    DlpackTensor block = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, 4);
    Task task =
        new Task(
            new Job(1, index -> block.elements().set(JAVA_BYTE, 0, (byte) 3)),
            block,
            closings::incrementAndGet);
    assertEquals(block.address(), Tasks.begin(task));
    assertEquals(3, block.elements().get(JAVA_BYTE, 0));
    assertEquals(1, closings.get());
    NativeBlocks.free(block.address());
  }

  @Test
  void begin_longTask_isTicket() {
    long ticket = Tasks.begin(slow(index -> {}));
    assertTrue(ticket < Task.DONE, "ticket " + ticket);
    assertEquals(Task.DONE, finish(ticket));
    assertEquals(1, closings.get());
  }

  @Test
  void begin_severalLongTasks_haveTheirOwnTickets() {
    long one = Tasks.begin(slow(index -> {}));
    long other = Tasks.begin(slow(index -> {}));
    assertNotEquals(one, other);
    assertEquals(Task.DONE, finish(other));
    assertEquals(Task.DONE, finish(one));
    assertEquals(2, closings.get());
  }

  @Test
  void help_endedTask_hasNoTicket() {
    long ticket = Tasks.begin(slow(index -> {}));
    finish(ticket);
    assertEquals(ErrorKind.CANCELLED, helpFailure(ticket));
  }

  @Test
  void help_failingTask_throwsOnceAndForgets() {
    long ticket =
        Tasks.begin(
            slow(index -> {
              throw new IllegalStateException("last piece");
            }));
    assertThrows(IllegalStateException.class, () -> finish(ticket));
    assertEquals(1, closings.get());
    assertEquals(ErrorKind.CANCELLED, helpFailure(ticket));
  }

  @Test
  void cancel_longTask_closesOnceAndForgets() {
    long ticket = Tasks.begin(slow(index -> {}));
    Tasks.cancel(ticket);
    Tasks.cancel(ticket);
    assertEquals(1, closings.get());
    assertEquals(ErrorKind.CANCELLED, helpFailure(ticket));
  }

  @Test
  void cancel_unknownTicket_isNothing() {
    assertDoesNotThrow(() -> Tasks.cancel(-123_456));
  }
}
