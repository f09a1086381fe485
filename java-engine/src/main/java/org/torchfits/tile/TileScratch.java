package org.torchfits.tile;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.ArrayBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;

/**
 * Native memory that a tile passes through on its way into a result. Borrowed by one thread at a
 * time and given back by {@link #close()}; the pool keeps those that are small.
 *
 * <p>Memory is asked for and not touched: what a header claims and no tile fills costs nothing.
 */
public final class TileScratch implements AutoCloseable {
  private static final long SMALLEST_BYTES = 256 << 10;
  private static final long KEPT_BYTES = 8 << 20;
  private static final ArrayBlockingQueue<TileScratch> POOL = new ArrayBlockingQueue<>(32);

  private final Growing compressed = new Growing();
  private final Growing narrow = new Growing();
  private final Growing integers = new Growing();
  private final Growing pixels = new Growing();

  private @Nullable Quantization quantization;
  private @Nullable Dequantizer dequantizer;
  private @Nullable RiceCodec rice;

  private TileScratch() {}

  /** A scratch whose content is undefined. */
  public static TileScratch borrow() {
    TileScratch idle = POOL.poll();
    return idle != null ? idle : new TileScratch();
  }

  /** What makes floats of integers; the same for all tiles of an image. */
  Dequantizer dequantizer(Quantization method) {
    Dequantizer present = dequantizer;
    if (present == null || !method.equals(quantization)) {
      present = new Dequantizer(method.dither(), method.seed());
      dequantizer = present;
      quantization = method;
    }
    return present;
  }

  /** The codec of RICE_1 for such values, with the arrays of the tiles before. */
  RiceCodec rice(int bytesPerPixel, int blockSize) {
    RiceCodec present = rice;
    if (present == null || !present.isFor(bytesPerPixel, blockSize)) {
      present = new RiceCodec(bytesPerPixel, blockSize);
      rice = present;
    }
    return present;
  }

  /** Place for so many compressed bytes; valid until the next call. */
  MemorySegment compressed(long bytes) {
    return compressed.segment(bytes);
  }

  /** Place for integers of less than four bytes, or in another byte order. */
  MemorySegment narrow(long bytes) {
    return narrow.segment(bytes);
  }

  /** Place for integers of four bytes before they become pixels; valid until the next call. */
  MemorySegment integers(long bytes) {
    return integers.segment(bytes);
  }

  /** Place for pixels that stood apart in a tile; valid until the next call. */
  public MemorySegment packed(long bytes) {
    return narrow.segment(bytes);
  }

  /** Place for the pixels of a tile; valid until the next call. */
  public MemorySegment pixels(long bytes) {
    return pixels.segment(bytes);
  }

  @Override
  public void close() {
    long bytes = compressed.bytes() + narrow.bytes() + integers.bytes() + pixels.bytes();
    if (bytes > KEPT_BYTES || !POOL.offer(this)) {
      compressed.free();
      narrow.free();
      integers.free();
      pixels.free();
    }
  }

  /** A block that is replaced by a larger one when it is too small. */
  private static final class Growing {
    private @Nullable DlpackTensor block;

    long bytes() {
      return block == null ? 0 : block.elements().byteSize();
    }

    MemorySegment segment(long bytes) {
      DlpackTensor present = block;
      if (present == null || bytes() < bytes) {
        free();
        present =
            DlpackTensor.allocate(
                Abi.UNVERSIONED, ElementType.UINT8, Math.max(SMALLEST_BYTES, bytes));
        block = present;
      }
      return present.elements().asSlice(0, bytes);
    }

    void free() {
      if (block != null) {
        block.close();
        block = null;
      }
    }
  }
}
