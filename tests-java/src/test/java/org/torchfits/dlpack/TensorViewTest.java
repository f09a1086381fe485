package org.torchfits.dlpack;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TensorViewTest {
  private static final int CUDA = 2;
  private static final int CUDA_HOST = 3;

  private final Arena arena = Arena.ofConfined();

  @AfterEach
  void closeArena() {
    arena.close();
  }

  /** A {@code DLManagedTensor} of float32 on the CPU as another library may write it. */
  private MemorySegment foreign(long[] shape, long[] strides) {
    MemorySegment struct = arena.allocate(64, 8);
    struct.set(JAVA_LONG, 0, arena.allocate(256, 8).address());
    struct.set(JAVA_INT, 8, 1);
    struct.set(JAVA_INT, 16, shape.length);
    struct.set(JAVA_BYTE, 20, (byte) 2);
    struct.set(JAVA_BYTE, 21, (byte) 32);
    struct.set(JAVA_SHORT, 22, (short) 1);
    struct.set(JAVA_LONG, 24, arena.allocateFrom(JAVA_LONG, shape).address());
    struct.set(JAVA_LONG, 32, arena.allocateFrom(JAVA_LONG, strides).address());
    return struct;
  }

  private static TensorView view(MemorySegment struct) {
    return TensorView.at(struct.address(), Abi.UNVERSIONED);
  }

  private static String refusal(MemorySegment struct) {
    return String.valueOf(
        assertThrows(IllegalArgumentException.class, () -> view(struct)).getMessage());
  }

  @ParameterizedTest
  @EnumSource
  void at_blockOfOurOwn_isSameMemory(Abi abi) {
    try (DlpackTensor tensor = DlpackTensor.allocate(abi, ElementType.FLOAT32, 4, 1, 6)) {
      tensor.elements().set(JAVA_FLOAT, 92, 2.5f);
      TensorView view = TensorView.at(tensor.address(), abi);
      assertEquals(ElementType.FLOAT32, view.type());
      assertArrayEquals(new long[] {4, 1, 6}, view.shape());
      assertEquals(tensor.elements().address(), view.elements().address());
      assertEquals(96, view.elements().byteSize());
      assertEquals(2.5f, view.elements().get(JAVA_FLOAT, 92));
    }
  }

  @ParameterizedTest
  @EnumSource
  void at_emptyBlockOfOurOwn_isEmpty(Abi abi) {
    try (DlpackTensor tensor = DlpackTensor.allocate(abi, ElementType.INT8, 2, 0, 3)) {
      TensorView view = TensorView.at(tensor.address(), abi);
      assertArrayEquals(new long[] {2, 0, 3}, view.shape());
      assertEquals(0, view.elements().byteSize());
    }
  }

  @ParameterizedTest
  @EnumSource
  void at_everyType_isThatType(ElementType type) {
    try (DlpackTensor tensor = DlpackTensor.allocate(Abi.UNVERSIONED, type, 3)) {
      assertEquals(type, TensorView.at(tensor.address(), Abi.UNVERSIONED).type());
    }
  }

  @Test
  void at_noStrides_isInCOrder() {
    MemorySegment struct = foreign(new long[] {2, 3}, new long[] {});
    struct.set(JAVA_LONG, 32, 0);
    assertEquals(24, view(struct).elements().byteSize());
  }

  @Test
  void at_noAxes_isOneElement() {
    assertEquals(4, view(foreign(new long[] {}, new long[] {})).elements().byteSize());
  }

  @Test
  void at_byteOffset_isAddedToData() {
    MemorySegment struct = foreign(new long[] {3}, new long[] {1});
    struct.set(JAVA_LONG, 40, 20);
    assertEquals(struct.get(JAVA_LONG, 0) + 20, view(struct).elements().address());
  }

  @Test
  void at_elements_endWithTensor() {
    MemorySegment elements = view(foreign(new long[] {2, 3}, new long[] {3, 1})).elements();
    assertEquals(0f, elements.get(JAVA_FLOAT, 20));
    assertThrows(IndexOutOfBoundsException.class, () -> elements.get(JAVA_FLOAT, 24));
  }

  @Test
  void at_strideOfAxisOfLengthOne_doesNotMatter() {
    TensorView view = view(foreign(new long[] {1, 3}, new long[] {77, 1}));
    assertArrayEquals(new long[] {1, 3}, view.shape());
  }

  @Test
  void at_transposed_isRefused() {
    assertEquals(
        "the tensor is not contiguous in C order",
        refusal(foreign(new long[] {2, 3}, new long[] {1, 2})));
  }

  @Test
  void at_everySecondElement_isRefused() {
    assertEquals(
        "the tensor is not contiguous in C order",
        refusal(foreign(new long[] {4}, new long[] {2})));
  }

  @Test
  void at_expandedAxis_isRefused() {
    assertEquals(
        "the tensor is not contiguous in C order",
        refusal(foreign(new long[] {4, 2}, new long[] {0, 1})));
  }

  @Test
  void at_gpu_isRefused() {
    MemorySegment struct = foreign(new long[] {2}, new long[] {1});
    struct.set(JAVA_INT, 8, CUDA);
    assertEquals("the tensor is not in CPU memory (DLPack device 2)", refusal(struct));
  }

  @Test
  void at_pinnedMemory_isSeen() {
    MemorySegment struct = foreign(new long[] {2}, new long[] {1});
    struct.set(JAVA_INT, 8, CUDA_HOST);
    assertEquals(8, view(struct).elements().byteSize());
  }

  @Test
  void at_unknownType_isRefused() {
    MemorySegment struct = foreign(new long[] {2}, new long[] {1});
    struct.set(JAVA_SHORT, 22, (short) 4);
    assertEquals("DLPack type code 2, bits 32, lanes 4 is not one of torch's", refusal(struct));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void at_otherMajorVersion_isRefused(int major) {
    try (DlpackTensor tensor = DlpackTensor.allocate(Abi.VERSIONED, ElementType.INT8, 2)) {
      MemorySegment.ofAddress(tensor.address()).reinterpret(80).set(JAVA_INT, 0, major);
      IllegalArgumentException refusal =
          assertThrows(
              IllegalArgumentException.class, () -> TensorView.at(tensor.address(), Abi.VERSIONED));
      assertEquals("DLPack version " + major + " is not known", refusal.getMessage());
    }
  }
}
