package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.ElementType;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduReader;
import org.torchfits.source.Scratch;

/**
 * An uncompressed image, decoded by the engine: bytes go through a scratch that stays in the core's
 * cache straight into their place.
 */
final class DirectImage extends OpenImage {
  private final HduReader reader;
  private final StoredFormat format;
  private final PixelDecoder decoder;
  private final PixelRuns runs;
  private final StoredPixels stored;
  private final ImagePieces pieces;

  /** All of the stored values, if they came with the header. */
  private final @Nullable MemorySegment buffered;

  /**
   * @param reader is closed with this image
   * @param section lies in the file
   * @param runs where the pixels of the section stand there
   */
  DirectImage(HduReader reader, Hdu hdu, Section section, StoredFormat format, PixelRuns runs) {
    this(reader, hdu, section, format, runs, PixelDecoder.of(format));
  }

  private DirectImage(
      HduReader reader,
      Hdu hdu,
      Section section,
      StoredFormat format,
      PixelRuns runs,
      PixelDecoder decoder) {
    super(reader.source(), hdu, section, format.type());
    this.reader = reader;
    this.format = format;
    this.decoder = decoder;
    this.runs = runs;
    this.stored = new StoredPixels(reader, runs, format.storedBytes(), hdu);
    this.pieces = ImagePieces.of(this).ofAtMost(runs.pieceElements());
    this.buffered =
        runs.isOneRun()
            ? reader.buffered(runs.fileOffset(0), elements() * format.storedBytes())
            : null;
  }

  private DirectImage(DirectImage other, StoredFormat format, PixelDecoder decoder) {
    super(other, format.type());
    this.reader = other.reader;
    this.format = format;
    this.decoder = decoder;
    this.runs = other.runs;
    this.stored = other.stored;
    this.pieces = ImagePieces.of(this).ofAtMost(runs.pieceElements());
    this.buffered = other.buffered;
  }

  /**
   * This image, calibrated chunk by chunk, while it is in the core's cache.
   *
   * @param type FLOAT32, FLOAT16 or BFLOAT16, as this image has a floating type
   * @return to be closed instead of this
   */
  DirectImage calibrated(ElementType type, Calibration calibration) {
    StoredFormat typed = format.as(type);
    return new DirectImage(
        this, typed, PixelDecoder.calibrating(typed, ByteOrder.BIG_ENDIAN, calibration));
  }

  @Override
  public long offset() {
    boolean isStored = format.isBitwise() && !format.flipsSign() && format.storedBytes() == 1;
    return isStored && runs.isOneRun() ? runs.fileOffset(0) : -1;
  }

  @Override
  public boolean isParallel() {
    return true;
  }

  @Override
  public long pieces() {
    return pieces.count();
  }

  @Override
  void decodePiece(long piece, MemorySegment target) {
    read(pieces.first(piece), pieces.length(piece), target);
  }

  /**
   * Decodes a range of the result's elements.
   *
   * @param first element of the range, in the C order of the result
   */
  void read(long first, long count, MemorySegment target) {
    if (buffered != null) {
      decode(decoder, buffered, first * format.storedBytes(), target, first, count);
    } else if (format.isBitwise()) {
      readIntoPlace(first, count, target);
    } else {
      readThroughScratch(first, count, target);
    }
  }

  StoredFormat format() {
    return format;
  }

  /**
   * Fetches stored values as they stand in the file.
   *
   * @param first element of the range, in the C order of the result
   * @param target takes the {@code count} values, big-endian
   */
  void readStored(long first, long count, MemorySegment target) {
    stored.fetch(first, count, target);
  }

  @Override
  public void close() {
    reader.close();
  }

  /** Chunks that stay in the core's cache until they are decoded where they are. */
  private void readIntoPlace(long first, long count, MemorySegment target) {
    long bytes = format.storedBytes();
    long chunk = Scratch.BYTES / bytes;
    for (long done = 0; done < count; done += chunk) {
      long n = Math.min(count - done, chunk);
      long place = (first + done) * bytes;
      stored.fetch(first + done, n, target.asSlice(place, n * bytes));
      decoder.decode(target, place, target, place, n);
    }
  }

  private void readThroughScratch(long first, long count, MemorySegment target) {
    long chunk = Scratch.BYTES / format.storedBytes();
    try (Scratch scratch = Scratch.borrow()) {
      for (long done = 0; done < count; done += chunk) {
        long n = Math.min(count - done, chunk);
        stored.fetch(first + done, n, scratch.bytes());
        decode(decoder, scratch.bytes(), 0, target, first + done, n);
      }
    }
  }
}
