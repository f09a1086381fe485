package org.torchfits.batch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.TensorView;

class BatchPlanTest {
  private static WindowItems boxes(long... numbers) {
    return new WindowItems(numbers, 1);
  }

  private static int[] order(WindowItems items, int... batchOf) {
    BatchPlan plan = new BatchPlan(items, batchOf);
    return IntStream.range(0, plan.count()).map(plan::item).toArray();
  }

  @Test
  void order_oneFile_isThatOfItsHdusAndPlaces() {
    WindowItems items = boxes(0, 1, 5, 6, 0, 0, 9, 10, 0, 0, -3, -2, 0, 1, Long.MIN_VALUE, 1);
    assertArrayEquals(new int[] {2, 1, 3, 0}, order(items, 0, 0, 1, 1));
  }

  @Test
  void order_severalFiles_thoseOfEarlyBatchesComeFirst() {
    WindowItems items = boxes(2, 0, 5, 6, 0, 0, 1, 2, 2, 0, 3, 4, 1, 0, 1, 2, 0, 0, 0, 1);
    assertArrayEquals(new int[] {2, 0, 4, 1, 3}, order(items, 0, 1, 2, 1, 2));
  }

  @Test
  void order_missingItems_areAmongThem() {
    assertArrayEquals(new int[] {1, 0}, order(boxes(0, 0, 1, 2, -1, 0, 0, 0), 0, 0));
  }

  @Test
  void items_ofUnknownFilesOrHdus_areRefused() {
    assertEquals(1, of(-1, 0).count());
    assertEquals(1, of(1, 2).count());
    assertThrows(IllegalArgumentException.class, () -> of(-2, 0));
    assertThrows(IllegalArgumentException.class, () -> of(2, 0));
    assertThrows(IllegalArgumentException.class, () -> of(0, -1));
    assertThrows(IllegalArgumentException.class, () -> of(0, 3));
  }

  /** A whole image of two files with three HDUs. */
  private static WindowItems of(long file, long hdu) {
    try (DlpackTensor tensor = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.INT64, 1, 2)) {
      MemorySegment.copy(new long[] {file, hdu}, 0, tensor.elements(), ValueLayout.JAVA_LONG, 0, 2);
      return WindowItems.of(TensorView.at(tensor.address(), Abi.UNVERSIONED), 2, 3);
    }
  }
}
