package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.NativeMemoryException;

/** Blocks of a result. */
final class Blocks {
  private Blocks() {}

  /**
   * A block of INT64 with the addresses of others.
   *
   * @throws NativeMemoryException if there is no memory for it
   */
  static DlpackTensor addresses(List<DlpackTensor> blocks, Abi abi) {
    DlpackTensor addresses = DlpackTensor.allocate(abi, ElementType.INT64, blocks.size());
    long[] numbers = blocks.stream().mapToLong(DlpackTensor::address).toArray();
    MemorySegment.copy(numbers, 0, addresses.elements(), JAVA_LONG, 0, numbers.length);
    return addresses;
  }
}
