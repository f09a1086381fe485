package org.torchfits.dlpack;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Offsets are those of the structs in dlpack.h 1.1 on a 64-bit machine. */
class DlpackTensorTest {
  private static final long MANAGED_TENSOR_BYTES = 64;
  private static final long MANAGED_TENSOR_VERSIONED_BYTES = 80;

  /** The bytes at an address that a block is known to cover. */
  private static MemorySegment at(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  private static long[] longs(long address, int count) {
    return at(address, 8L * count).toArray(JAVA_LONG);
  }

  private static long free() {
    return Linker.nativeLinker().defaultLookup().findOrThrow("free").address();
  }

  @Test
  void allocate_unversioned_isDLManagedTensor() {
    try (DlpackTensor tensor =
        DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.FLOAT32, 2, 3, 4)) {
      MemorySegment struct = at(tensor.address(), MANAGED_TENSOR_BYTES);
      assertIsDLTensor(struct.asSlice(0, 48), tensor);
      assertEquals(0, struct.get(JAVA_LONG, 48), "manager_ctx");
      assertEquals(free(), struct.get(JAVA_LONG, 56), "deleter");
    }
  }

  @Test
  void allocate_versioned_isDLManagedTensorVersioned() {
    try (DlpackTensor tensor = DlpackTensor.allocate(Abi.VERSIONED, ElementType.FLOAT32, 2, 3, 4)) {
      MemorySegment struct = at(tensor.address(), MANAGED_TENSOR_VERSIONED_BYTES);
      assertEquals(1, struct.get(JAVA_INT, 0), "version.major");
      assertEquals(1, struct.get(JAVA_INT, 4), "version.minor");
      assertEquals(0, struct.get(JAVA_LONG, 8), "manager_ctx");
      assertEquals(free(), struct.get(JAVA_LONG, 16), "deleter");
      assertEquals(0, struct.get(JAVA_LONG, 24), "flags");
      assertIsDLTensor(struct.asSlice(32, 48), tensor);
    }
  }

  private static void assertIsDLTensor(MemorySegment struct, DlpackTensor tensor) {
    assertEquals(tensor.elements().address(), struct.get(JAVA_LONG, 0), "data");
    assertEquals(1, struct.get(JAVA_INT, 8), "device.device_type");
    assertEquals(0, struct.get(JAVA_INT, 12), "device.device_id");
    assertEquals(3, struct.get(JAVA_INT, 16), "ndim");
    assertEquals(2, struct.get(JAVA_BYTE, 20), "dtype.code");
    assertEquals(32, struct.get(JAVA_BYTE, 21), "dtype.bits");
    assertEquals(1, struct.get(JAVA_SHORT, 22), "dtype.lanes");
    assertArrayEquals(new long[] {2, 3, 4}, longs(struct.get(JAVA_LONG, 24), 3), "shape");
    assertArrayEquals(new long[] {12, 4, 1}, longs(struct.get(JAVA_LONG, 32), 3), "strides");
    assertEquals(0, struct.get(JAVA_LONG, 40), "byte_offset");
  }

  @ParameterizedTest
  @EnumSource
  void allocate_anyAbi_pointersStayInBlock(Abi abi) {
    try (DlpackTensor tensor = DlpackTensor.allocate(abi, ElementType.UINT8, 5, 7)) {
      MemorySegment struct = at(tensor.address(), abi.structBytes);
      long shape = struct.get(JAVA_LONG, abi.tensorOffset + 24);
      long strides = struct.get(JAVA_LONG, abi.tensorOffset + 32);
      assertEquals(tensor.address() + abi.structBytes, shape);
      assertEquals(shape + 2 * Long.BYTES, strides);
      assertTrue(strides + 2 * Long.BYTES <= tensor.elements().address());
    }
  }

  @Test
  void allocate_noAxes_isOneElement() {
    try (DlpackTensor tensor = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.COMPLEX128)) {
      assertEquals(16, tensor.elements().byteSize());
      assertEquals(0, at(tensor.address(), 48).get(JAVA_INT, 16));
    }
  }

  @Test
  void allocate_axisOfNoLength_hasNoElements() {
    try (DlpackTensor tensor = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.INT16, 3, 0, 2)) {
      assertEquals(0, tensor.elements().byteSize());
      assertArrayEquals(
          new long[] {3, 0, 2}, longs(at(tensor.address(), 48).get(JAVA_LONG, 24), 3));
    }
  }

  @ParameterizedTest
  @EnumSource
  void allocate_anyNumberOfAxes_elementsAlignedForTorch(Abi abi) {
    for (int axes = 0; axes <= 40; axes++) {
      long[] shape = new long[axes];
      Arrays.fill(shape, 1);
      try (DlpackTensor tensor = DlpackTensor.allocate(abi, ElementType.FLOAT64, shape)) {
        assertEquals(0, tensor.elements().address() % 64, axes + " axes");
      }
    }
  }

  @Test
  void allocate_largeBlock_elementsAlignedToHugePages() {
    try (DlpackTensor tensor =
        DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, DlpackTensor.LARGE_BYTES)) {
      assertEquals(0, tensor.elements().address() % DlpackTensor.HUGE_PAGE_BYTES);
      assertEquals(DlpackTensor.LARGE_BYTES, tensor.elements().byteSize());
    }
  }

  @ParameterizedTest
  @EnumSource
  void elements_anyType_areExactlyThoseOfShape(ElementType type) {
    try (DlpackTensor tensor = DlpackTensor.allocate(Abi.VERSIONED, type, 3, 5)) {
      MemorySegment elements = tensor.elements();
      assertEquals(15L * type.bytes(), elements.byteSize());
      elements.set(JAVA_BYTE, elements.byteSize() - 1, (byte) 1);
      assertThrows(
          IndexOutOfBoundsException.class, () -> elements.get(JAVA_BYTE, elements.byteSize()));
      assertThrows(IndexOutOfBoundsException.class, () -> elements.get(JAVA_BYTE, -1));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "9223372036854775807, 2",
    "4611686018427387904, 4",
    "2305843009213693952, 1",
    "1152921504606846975, 1"
  })
  void allocate_bytesOverflow_isRefused(long rows, long columns) {
    assertThrows(
        ArithmeticException.class,
        () -> DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.FLOAT64, rows, columns));
  }

  @Test
  void allocate_negativeLength_isRefused() {
    IllegalArgumentException refusal =
        assertThrows(
            IllegalArgumentException.class,
            () -> DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, 2, -1));
    assertEquals("negative length of an axis: -1", refusal.getMessage());
  }

  @Test
  void allocate_moreThanMachineHas_saysHowMuch() {
    long bytes = 1L << 60;
    NativeMemoryException refusal =
        assertThrows(
            NativeMemoryException.class,
            () -> DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, bytes));
    long header = Abi.UNVERSIONED.structBytes + 2 * Long.BYTES;
    assertEquals(
        "cannot allocate " + (header + DlpackTensor.HUGE_PAGE_BYTES + bytes) + " bytes",
        refusal.getMessage());
  }

  @Test
  void close_owned_freesBlock() {
    DlpackTensor tensor =
        DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, NativeBlocks.OWN_MAPPING_BYTES);
    assertTrue(NativeBlocks.isMapped(tensor.address()));
    tensor.close();
    assertFalse(NativeBlocks.isMapped(tensor.address()));
  }

  @Test
  void close_released_leavesBlockToConsumer() {
    DlpackTensor tensor =
        DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, NativeBlocks.OWN_MAPPING_BYTES);
    long address = tensor.release();
    tensor.close();
    assertEquals(tensor.address(), address);
    assertTrue(NativeBlocks.isMapped(address));
    NativeBlocks.free(address);
    assertFalse(NativeBlocks.isMapped(address));
  }

  @Test
  void close_twice_freesOnce() {
    List<DlpackTensor> others = new ArrayList<>();
    DlpackTensor tensor = DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, 1000);
    tensor.close();
    others.add(DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, 1000));
    tensor.close();
    others.add(DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, 1000));
    assertNotEquals(others.getFirst().address(), others.getLast().address());
    others.forEach(DlpackTensor::close);
  }

  @Test
  void capsuleName_eachAbi_isThatOfDlpack() {
    assertEquals("dltensor", Abi.UNVERSIONED.capsuleName());
    assertEquals("dltensor_versioned", Abi.VERSIONED.capsuleName());
  }
}
