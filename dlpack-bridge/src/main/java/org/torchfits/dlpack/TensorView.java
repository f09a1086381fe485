package org.torchfits.dlpack;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/**
 * Another library's tensor in CPU memory, seen from Java without a copy.
 *
 * <p>The owner stays the other library: whoever made the capsule keeps it alive as long as the view
 * is used.
 *
 * @param type of the elements
 * @param shape in C order, slowest axis first
 * @param elements all elements in native byte order, C order; bounded by type and shape
 */
public record TensorView(ElementType type, long[] shape, MemorySegment elements) {
  // Offsets in DLTensor.
  static final long DATA = 0;
  static final long DEVICE_TYPE = 8;
  static final long NDIM = 16;
  static final long TYPE_CODE = 20;
  static final long TYPE_BITS = 21;
  static final long TYPE_LANES = 22;
  static final long SHAPE = 24;
  static final long STRIDES = 32;
  static final long BYTE_OFFSET = 40;
  static final long BYTES = 48;

  /** The one layout of {@code DLManagedTensorVersioned} that there is. */
  static final int MAJOR_VERSION = 1;

  private static final int DEVICE_CPU = 1;
  private static final int DEVICE_CUDA_HOST = 3;

  /**
   * The tensor whose DLPack struct stands at {@code address}.
   *
   * @throws IllegalArgumentException if it is not a dense C-order tensor in memory that the CPU can
   *     address, or of another major version of DLPack
   */
  public static TensorView at(long address, Abi abi) {
    if (abi == Abi.VERSIONED) {
      requireKnownVersion(address);
    }
    MemorySegment tensor = MemorySegment.ofAddress(address + abi.tensorOffset).reinterpret(BYTES);
    requireCpu(tensor.get(JAVA_INT, DEVICE_TYPE));
    ElementType type =
        ElementType.of(
            tensor.get(JAVA_BYTE, TYPE_CODE),
            tensor.get(JAVA_BYTE, TYPE_BITS),
            tensor.get(JAVA_SHORT, TYPE_LANES));
    int ndim = tensor.get(JAVA_INT, NDIM);
    long[] shape = longs(tensor.get(JAVA_LONG, SHAPE), ndim);
    requireDense(shape, tensor.get(JAVA_LONG, STRIDES));
    long data = tensor.get(JAVA_LONG, DATA) + tensor.get(JAVA_LONG, BYTE_OFFSET);
    long bytes = DlpackTensor.elementBytes(type, shape);
    return new TensorView(type, shape, MemorySegment.ofAddress(data).reinterpret(bytes));
  }

  private static long[] longs(long address, int count) {
    return MemorySegment.ofAddress(address)
        .reinterpret((long) Long.BYTES * count)
        .toArray(JAVA_LONG);
  }

  private static void requireKnownVersion(long address) {
    int major = MemorySegment.ofAddress(address).reinterpret(Integer.BYTES).get(JAVA_INT, 0);
    if (major != MAJOR_VERSION) {
      throw new IllegalArgumentException("DLPack version " + major + " is not known");
    }
  }

  private static void requireCpu(int deviceType) {
    if (deviceType != DEVICE_CPU && deviceType != DEVICE_CUDA_HOST) {
      throw new IllegalArgumentException(
          "the tensor is not in CPU memory (DLPack device " + deviceType + ")");
    }
  }

  private static void requireDense(long[] shape, long stridesAddress) {
    if (stridesAddress == 0) {
      return;
    }
    long[] strides = longs(stridesAddress, shape.length);
    long expected = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      if (shape[axis] > 1 && strides[axis] != expected) {
        throw new IllegalArgumentException("the tensor is not contiguous in C order");
      }
      // As every library counts strides: an empty axis does not make those before it 0.
      expected *= Math.max(shape[axis], 1);
    }
  }
}
