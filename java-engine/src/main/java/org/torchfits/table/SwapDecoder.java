package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.ElementType;
import org.torchfits.kernel.GatherKernels;
import org.torchfits.kernel.SignKernels;
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

  /**
   * Decodes one number of each row of a block.
   *
   * @param field where that of the first row stands, in its bytes
   */
  void decodeRows(RowBlock block, long field, MemorySegment target, long targetOffset) {
    GatherKernels.gatherSwapped(
        numberBytes, block.bytes(), field, block.stride(), target, targetOffset, block.rows());
    if (flips) {
      long bytes = (long) block.rows() * numberBytes;
      SignKernels.flip(target.asSlice(targetOffset, bytes), numberBytes, block.rows());
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
