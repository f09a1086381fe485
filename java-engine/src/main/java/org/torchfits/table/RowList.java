package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.NativeMemoryException;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.work.Job;
import org.torchfits.work.Workers;

/**
 * The numbers of selected rows, one behind the other.
 *
 * @param numbers INT64 (count,), once the job has ended
 */
record RowList(Job job, DlpackTensor numbers, long count) {
  /** Rows of a selection that are listed by one thread. */
  private static final long PIECE_ROWS = 256 << 10;

  /**
   * Lists what is selected.
   *
   * @param of what the selection is of; their numbers in the table are listed
   * @param place as errors show it
   */
  static RowList of(RowSelection selection, Rows of, Abi abi, String place) {
    long[] places = selection.counts(PIECE_ROWS);
    long count = places[places.length - 1];
    DlpackTensor block = allocate(abi, count, place);
    MemorySegment numbers = block.elements();
    Job job =
        new Job(
            places.length - 1,
            piece -> {
              long at = places[(int) piece] * Long.BYTES;
              selection.list(of, piece * PIECE_ROWS, PIECE_ROWS, numbers.asSlice(at));
            });
    Workers.share(job);
    return new RowList(job, block, count);
  }

  private static DlpackTensor allocate(Abi abi, long count, String place) {
    try {
      return DlpackTensor.allocate(abi, ElementType.INT64, count);
    } catch (NativeMemoryException refused) {
      throw new FitsException(ErrorKind.OUT_OF_MEMORY, place + ": " + refused.getMessage());
    }
  }
}
