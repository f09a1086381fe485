package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduReader;
import org.torchfits.kernel.GatherKernels;
import org.torchfits.source.Scratch;

/**
 * Fetches the stored values of a section: those that stand apart in the file come out packed, in
 * the C order of the section. What lies near together is read by one call.
 *
 * <p>Safe for use by several threads.
 */
final class StoredPixels {
  private final HduReader reader;
  private final PixelRuns runs;
  private final int storedBytes;
  private final Hdu hdu;

  /** Whether each run is read by itself, right to where it is wanted. */
  private final boolean isDirect;

  /**
   * @param reader is not asked for another HDU any more
   * @param hdu that the pixels are of
   */
  StoredPixels(HduReader reader, PixelRuns runs, int storedBytes, Hdu hdu) {
    this.reader = reader;
    this.runs = runs;
    this.storedBytes = storedBytes;
    this.hdu = hdu;
    this.isDirect = runs.isDense() && !runs.areRunsNear();
  }

  /**
   * Fetches a range of the section's elements.
   *
   * @param first element of the range
   * @param packed takes the {@code count} values in their stored byte order
   */
  void fetch(long first, long count, MemorySegment packed) {
    if (isDirect) {
      fetchRuns(first, count, packed);
    } else {
      fetchSpans(first, count, packed);
    }
  }

  private void fetchRuns(long first, long count, MemorySegment packed) {
    long length = runs.runLength();
    for (long done = 0; done < count; ) {
      long element = first + done;
      long inBlock = runs.blockRuns() - element / length % runs.blockRuns();
      long whole = element % length == 0 ? Math.min((count - done) / length, inBlock) : 0;
      long n = whole > 0 ? whole * length : Math.min(count - done, length - element % length);
      MemorySegment target = packed.asSlice(done * storedBytes, n * storedBytes);
      if (whole > 1) {
        readRuns(runs.fileOffset(element), length * storedBytes, target);
      } else {
        read(runs.fileOffset(element), target);
      }
      done += n;
    }
  }

  private void readRuns(long offset, long runBytes, MemorySegment into) {
    long got = reader.source().readRuns(offset, runs.blockDistance(), runBytes, into);
    requireAll(got, into);
  }

  private void fetchSpans(long first, long count, MemorySegment packed) {
    try (Scratch scratch = Scratch.borrow()) {
      for (long done = 0; done < count; ) {
        long n = fetchSpan(first + done, count - done, scratch.bytes(), done, packed);
        done += n;
      }
    }
  }

  /** Fetches as many elements as stand in one span of the file; returns how many these are. */
  private long fetchSpan(
      long first, long limit, MemorySegment scratch, long done, MemorySegment packed) {
    Patch patch = patch(first, limit);
    long low = patch.low();
    long high = patch.high();
    long count = patch.count();
    while (count < limit) {
      Patch next = patch(first + count, limit - count);
      boolean near = Math.max(next.low() - high, low - next.high()) <= PixelRuns.GAP_BYTES;
      long both = Math.max(high, next.high()) - Math.min(low, next.low());
      if (!near || both > Scratch.BYTES) {
        break;
      }
      low = Math.min(low, next.low());
      high = Math.max(high, next.high());
      count += next.count();
    }
    read(low, scratch.asSlice(0, high - low));
    for (long gathered = 0; gathered < count; ) {
      Patch part = patch(first + gathered, count - gathered);
      part.gather(scratch, low, packed, (done + gathered) * storedBytes);
      gathered += part.count();
    }
    return count;
  }

  /**
   * The elements from {@code first} on that stand at regular places: several runs of a block, or
   * part of one, but no more than a scratch holds with all between them.
   */
  private Patch patch(long first, long limit) {
    long length = runs.runLength();
    long offset = runs.fileOffset(first);
    long inRun = Math.min(limit, length - first % length);
    long most = 1 + (Scratch.BYTES - storedBytes) / Math.abs(runs.runDistance());
    if (inRun < length || length > most || !runs.areRunsNear()) {
      return new Patch(offset, 1, 0, Math.min(inRun, most), runs.runDistance(), storedBytes);
    }
    long runBytes = (length - 1) * Math.abs(runs.runDistance()) + storedBytes;
    long mostRuns = 1 + (Scratch.BYTES - runBytes) / Math.abs(runs.blockDistance());
    long inBlock = runs.blockRuns() - first / length % runs.blockRuns();
    long rows = Math.min(Math.min(limit / length, mostRuns), inBlock);
    return new Patch(offset, rows, runs.blockDistance(), length, runs.runDistance(), storedBytes);
  }

  /** From memory, where the bytes came with the header. */
  private void read(long offset, MemorySegment into) {
    MemorySegment buffered = reader.buffered(offset, into.byteSize());
    if (buffered != null) {
      into.copyFrom(buffered);
    } else {
      requireAll(reader.source().read(offset, into), into);
    }
  }

  private void requireAll(long got, MemorySegment into) {
    if (got < into.byteSize()) {
      throw new FitsException(
          ErrorKind.TRUNCATED,
          ImageReader.place(reader.source().name(), hdu)
              + ": the file became shorter while it was read");
    }
  }

  /**
   * Values at regular places of the file, row after row.
   *
   * @param offset of the first one
   * @param rowDistance from one row to the next, in bytes
   * @param distance from one value of a row to the next
   */
  private record Patch(
      long offset, long rows, long rowDistance, long columns, long distance, int storedBytes) {
    long count() {
      return rows * columns;
    }

    /** Where the first of them in the file begins. */
    long low() {
      return offset + Math.min(0, (rows - 1) * rowDistance) + Math.min(0, (columns - 1) * distance);
    }

    /** Where the last of them in the file ends. */
    long high() {
      return offset
          + Math.max(0, (rows - 1) * rowDistance)
          + Math.max(0, (columns - 1) * distance)
          + storedBytes;
    }

    /**
     * @param scratch holds the bytes of the file from {@code low} on
     */
    void gather(MemorySegment scratch, long low, MemorySegment packed, long packedOffset) {
      for (long row = 0; row < rows; row++) {
        GatherKernels.gather(
            storedBytes,
            scratch,
            offset - low + row * rowDistance,
            distance,
            packed,
            packedOffset + row * columns * storedBytes,
            columns);
      }
    }
  }
}
