package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import org.torchfits.kernel.Lanes;

/** Stored values become elements of another type a block at a time, by way of {@link Lanes}. */
abstract sealed class LaneDecoder implements PixelDecoder permits FloatDecoder, IntegerDecoder {
  private final int storedBytes;
  private final int elementBytes;

  LaneDecoder(StoredFormat format) {
    this.storedBytes = format.storedBytes();
    this.elementBytes = format.type().bytes();
  }

  @Override
  public final void decode(
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long targetOffset,
      long count) {
    try (Lanes lanes = Lanes.borrow()) {
      for (long done = 0; done < count; done += Lanes.LENGTH) {
        int n = (int) Math.min(Lanes.LENGTH, count - done);
        int bad = load(source, sourceOffset + done * storedBytes, lanes, n);
        if (bad < n) {
          throw new ValueRangeException(done + bad, text(lanes, bad));
        }
        store(lanes, n, target, targetOffset + done * elementBytes);
      }
    }
  }

  /**
   * Reads a block into the lanes.
   *
   * @return index of the first value that the type of the elements does not hold; {@code n} if it
   *     holds all
   */
  abstract int load(MemorySegment source, long offset, Lanes lanes, int n);

  /** Writes a block out of the lanes, as elements. */
  abstract void store(Lanes lanes, int n, MemorySegment target, long offset);

  /** A value of the block, for messages. */
  abstract String text(Lanes lanes, int index);
}
