package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduReader;
import org.torchfits.source.ByteSource;
import org.torchfits.source.Scratch;

/**
 * An uncompressed image, decoded by the engine: bytes go through a scratch that stays in the core's
 * cache straight into their place.
 */
final class DirectImage extends OpenImage {
  /** Each run is a read of its own, of a microsecond or more. */
  private static final long RUNS_PER_PIECE = 2048;

  private final HduReader reader;
  private final ByteSource source;
  private final StoredFormat format;
  private final PixelDecoder decoder;
  private final PixelRuns runs;
  private final ImagePieces pieces;
  private final @Nullable MemorySegment buffered;

  /**
   * @param reader is closed with this image
   * @param section lies in the file
   */
  DirectImage(HduReader reader, Hdu hdu, Section section, StoredFormat format) {
    super(reader.source().name(), hdu, section, format.type());
    this.reader = reader;
    this.source = reader.source();
    this.format = format;
    this.decoder = PixelDecoder.of(format);
    this.runs = new PixelRuns(hdu, section);
    this.pieces = ImagePieces.of(this).ofAtMost(runs.elements(RUNS_PER_PIECE));
    this.buffered = runs.isOneRun() ? reader.buffered(runs.fileOffset(0), bytes(runs)) : null;
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
  public void readPiece(long piece, MemorySegment target) {
    read(pieces.first(piece), pieces.length(piece), target);
  }

  /**
   * Decodes a range of the result's elements.
   *
   * @param first element of the range, in the C order of the result
   */
  void read(long first, long count, MemorySegment target) {
    if (buffered != null) {
      decoder.decode(
          buffered, first * format.storedBytes(), target, first * format.type().bytes(), count);
    } else {
      readThroughScratch(first, count, target);
    }
  }

  @Override
  public void close() {
    reader.close();
  }

  /**
   * Bytes that need no decoding go through the scratch too: the kernel copies into a core's cache
   * more than twice as fast as into memory far away.
   */
  private void readThroughScratch(long first, long count, MemorySegment target) {
    long elementBytes = format.type().bytes();
    long chunk = Scratch.BYTES / format.storedBytes();
    try (Scratch scratch = Scratch.borrow()) {
      for (long done = 0; done < count; ) {
        long n = Math.min(Math.min(count - done, chunk), runs.leftInRun(first + done));
        readFully(
            runs.fileOffset(first + done), scratch.bytes().asSlice(0, n * format.storedBytes()));
        decoder.decode(scratch.bytes(), 0, target, (first + done) * elementBytes, n);
        done += n;
      }
    }
  }

  private void readFully(long offset, MemorySegment into) {
    if (source.read(offset, into) < into.byteSize()) {
      throw new FitsException(
          ErrorKind.TRUNCATED, place() + ": the file became shorter while it was read");
    }
  }

  private static long bytes(PixelRuns runs) {
    return runs.endOffset() - runs.fileOffset(0);
  }
}
