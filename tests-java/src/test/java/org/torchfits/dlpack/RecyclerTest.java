package org.torchfits.dlpack;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Isolated("no other test may take the blocks that are kept")
@EnabledIfSystemProperty(
    named = "os.arch",
    matches = "amd64",
    disabledReason = "no other processor has a recycler")
class RecyclerTest {
  private static final long SIZE = 8L << 20;

  /** A block that fits nothing and fills the limit drives everything out. */
  @BeforeEach
  void keepNothing() {
    allocate(Recycler.LIMIT_BYTES).close();
  }

  @ParameterizedTest
  @EnumSource(Abi.class)
  void allocate_blockWasDropped_isGivenAgain(Abi abi) {
    DlpackTensor first = DlpackTensor.allocate(abi, ElementType.UINT8, SIZE);
    long address = first.address();
    first.close();
    try (DlpackTensor second = DlpackTensor.allocate(abi, ElementType.UINT8, SIZE)) {
      assertEquals(address, second.address());
    }
  }

  @Test
  void allocate_consumerCalledDeleter_isGivenAgain() {
    long address = allocate(SIZE).release();
    NativeBlocks.free(address);
    try (DlpackTensor second = allocate(SIZE)) {
      assertEquals(address, second.address());
    }
  }

  @Test
  void allocate_slightlySmaller_usesTheSameBlock() {
    long address = allocate(SIZE).release();
    NativeBlocks.free(address);
    try (DlpackTensor second = allocate(SIZE - SIZE / 16)) {
      assertEquals(address, second.address());
    }
  }

  @Test
  void allocate_muchSmaller_leavesTheLargeBlock() {
    long address = allocate(SIZE).release();
    NativeBlocks.free(address);
    try (DlpackTensor small = allocate(SIZE / 4);
        DlpackTensor large = allocate(SIZE)) {
      assertNotEquals(address, small.address());
      assertEquals(address, large.address());
    }
  }

  @Test
  void allocate_largerThanKept_isNew() {
    NativeBlocks.free(allocate(SIZE).release());
    try (DlpackTensor larger = allocate(2 * SIZE)) {
      assertTrue(capacity(larger) >= 2 * SIZE);
    }
  }

  @Test
  void allocate_severalDropped_givesEachOnce() {
    List<DlpackTensor> held = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      held.add(allocate(SIZE));
    }
    List<Long> addresses = held.stream().map(DlpackTensor::address).sorted().toList();
    held.forEach(DlpackTensor::close);
    List<DlpackTensor> again = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      again.add(allocate(SIZE));
    }
    assertEquals(addresses, again.stream().map(DlpackTensor::address).sorted().toList());
    again.forEach(DlpackTensor::close);
  }

  @Test
  void deleter_beyondLimit_freesBlock() {
    DlpackTensor block = allocate(NativeBlocks.OWN_MAPPING_BYTES);
    assertTrue(NativeBlocks.isMapped(block.address()));
    block.close();
    assertFalse(NativeBlocks.isMapped(block.address()));
  }

  @Test
  void deleter_manyBlocks_keepsNoMoreThanLimit() {
    List<DlpackTensor> held = new ArrayList<>();
    for (long bytes = 0; bytes < 2 * Recycler.LIMIT_BYTES; bytes += 4 * SIZE) {
      held.add(allocate(4 * SIZE));
    }
    held.forEach(DlpackTensor::close);
    assertTrue(Recycler.keptBytes() <= Recycler.LIMIT_BYTES);
    assertTrue(Recycler.keptBytes() > Recycler.LIMIT_BYTES / 2);
  }

  @Test
  void allocate_newBlockBesideKeptOnes_makesRoom() {
    for (int i = 0; i < 3; i++) {
      NativeBlocks.free(allocate((100L << 20) << i).release());
    }
    long large = 400L << 20;
    try (DlpackTensor block = allocate(large)) {
      assertTrue(capacity(block) >= large);
      assertTrue(Recycler.keptBytes() + large <= Recycler.LIMIT_BYTES);
    }
  }

  @Test
  void takes_smallBlocks_areTheCLibrarys() {
    assertFalse(Recycler.takes(Recycler.LEAST_BYTES - 1));
    assertTrue(Recycler.takes(Recycler.LEAST_BYTES));
  }

  @Test
  void allocate_andDrop_byManyThreads_neverGivesABlockTwice() throws Exception {
    List<Future<Void>> done = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (int thread = 0; thread < 4; thread++) {
        long mark = thread;
        done.add(threads.submit(() -> useBlocks(mark)));
      }
      for (Future<Void> future : done) {
        future.get();
      }
    }
    assertTrue(Recycler.keptBytes() <= Recycler.LIMIT_BYTES);
  }

  private static Void useBlocks(long mark) {
    Random random = new Random(mark);
    ArrayDeque<DlpackTensor> held = new ArrayDeque<>();
    for (int i = 0; i < 20_000; i++) {
      DlpackTensor block = allocate(Recycler.LEAST_BYTES << random.nextInt(3));
      block.elements().set(JAVA_LONG, 0, mark);
      held.add(block);
      if (held.size() > 8) {
        drop(held.removeFirst(), mark);
      }
    }
    held.forEach(block -> drop(block, mark));
    return null;
  }

  private static void drop(DlpackTensor block, long mark) {
    assertEquals(mark, block.elements().get(JAVA_LONG, 0));
    block.close();
  }

  private static DlpackTensor allocate(long bytes) {
    return DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, bytes);
  }

  private static long capacity(DlpackTensor block) {
    return MemorySegment.ofAddress(block.address() - Long.BYTES)
        .reinterpret(Long.BYTES)
        .get(JAVA_LONG, 0);
  }
}
