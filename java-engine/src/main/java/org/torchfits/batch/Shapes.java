package org.torchfits.batch;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.NativeMemoryException;
import org.torchfits.dlpack.TensorView;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.image.OpenImage;

/** Shapes of batches, and the blocks for them. */
final class Shapes {
  private Shapes() {}

  /** (count, shape). */
  static long[] batch(int count, long[] shape) {
    long[] batch = new long[shape.length + 1];
    batch[0] = count;
    System.arraycopy(shape, 0, batch, 1, shape.length);
    return batch;
  }

  /**
   * @param what is to stand in the block, for messages
   */
  static DlpackTensor allocate(Abi abi, ElementType type, long[] shape, String what) {
    try {
      return DlpackTensor.allocate(abi, type, shape);
    } catch (NativeMemoryException | ArithmeticException refused) {
      throw new FitsException(ErrorKind.OUT_OF_MEMORY, what + ": " + refused.getMessage());
    }
  }

  /** The addresses of blocks, as a block of INT64. */
  static DlpackTensor addresses(Abi abi, List<DlpackTensor> blocks) {
    long[] addresses = blocks.stream().mapToLong(DlpackTensor::address).toArray();
    DlpackTensor result =
        allocate(abi, ElementType.INT64, new long[] {addresses.length}, "the batch");
    MemorySegment.copy(addresses, 0, result.elements(), JAVA_LONG, 0, addresses.length);
    return result;
  }

  /**
   * @param what is to be read, for messages
   */
  static void requireFits(TensorView out, ElementType type, long[] shape, String what) {
    if (out.type() != type || !Arrays.equals(out.shape(), shape)) {
      throw new FitsException(
          ErrorKind.MISMATCH,
          "out is " + out.type() + " " + Arrays.toString(out.shape()) + ", " + what);
    }
  }

  /** Place, type and shape, as errors show them. */
  static String describe(OpenImage image) {
    return describe(image.place(), image.type(), image.shape());
  }

  static String describe(String place, ElementType type, long[] shape) {
    return place + ", " + type + " " + Arrays.toString(shape);
  }
}
