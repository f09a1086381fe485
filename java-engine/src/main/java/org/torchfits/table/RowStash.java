package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.NativeMemoryException;

/**
 * Native memory where rows wait, up to a bound: what is beyond it is read once more.
 *
 * <p>Safe for use by several threads.
 */
final class RowStash implements AutoCloseable {
  /** Large enough for memory that the engine keeps from one read to the next. */
  private static final long SLAB_BYTES = 4 << 20;

  private final long mostBytes;
  private final List<DlpackTensor> slabs = new ArrayList<>();
  private MemorySegment rest = MemorySegment.NULL;
  private long bytes;

  RowStash(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  /** So many bytes; null if they are not to be had. */
  synchronized @Nullable MemorySegment take(long wanted) {
    if (wanted > rest.byteSize()) {
      long slab = Math.max(SLAB_BYTES, wanted);
      if (bytes + slab > mostBytes) {
        return null;
      }
      try {
        slabs.add(DlpackTensor.allocate(Abi.UNVERSIONED, ElementType.UINT8, slab));
      } catch (NativeMemoryException refused) {
        return null;
      }
      rest = slabs.getLast().elements();
      bytes += slab;
    }
    MemorySegment taken = rest.asSlice(0, wanted);
    rest = rest.asSlice(wanted);
    return taken;
  }

  @Override
  public void close() {
    slabs.forEach(DlpackTensor::close);
  }
}
