package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.ElementType;
import org.torchfits.kernel.SwapKernels;

/**
 * Numbers that are kept as they are stored, in native byte order.
 *
 * @param numberBytes of a number
 * @param numbers of an element: 2 for complex ones
 * @param flips whether the sign bit is flipped, for the unsigned conventions (FITS 4.0, table 19)
 */
record SwapDecoder(ElementType type, int numberBytes, int numbers, boolean flips)
    implements ElementDecoder {
  @Override
  public int storedBytes() {
    return numberBytes * numbers;
  }

  @Override
  public boolean isInPlace() {
    return true;
  }

  @Override
  public void decode(
      MemorySegment source, long sourceOffset, MemorySegment target, long targetOffset, int count) {
    int n = count * numbers;
    if (flips) {
      flip(source, sourceOffset, target, targetOffset, n);
    } else {
      swap(source, sourceOffset, target, targetOffset, n);
    }
  }

  private void swap(MemorySegment source, long from, MemorySegment target, long to, int n) {
    switch (numberBytes) {
      case 1 -> SwapKernels.copy1(source, from, target, to, n);
      case 2 -> SwapKernels.swap2(source, from, target, to, n);
      case 4 -> SwapKernels.swap4(source, from, target, to, n);
      default -> SwapKernels.swap8(source, from, target, to, n);
    }
  }

  private void flip(MemorySegment source, long from, MemorySegment target, long to, int n) {
    switch (numberBytes) {
      case 1 -> SwapKernels.flip1(source, from, target, to, n);
      case 2 -> SwapKernels.flip2(source, from, target, to, n);
      case 4 -> SwapKernels.flip4(source, from, target, to, n);
      default -> SwapKernels.flip8(source, from, target, to, n);
    }
  }
}
