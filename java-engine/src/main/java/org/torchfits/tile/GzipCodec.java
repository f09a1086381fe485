package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * GZIP_1 and GZIP_2: the stored values as they are, or all first bytes, then all second ones and so
 * on, compressed as one member of a gzip file (RFC 1952; FITS 4.0, section 10.4.2).
 *
 * @param width bytes of a value
 * @param shuffled whether the values' first bytes stand together, GZIP_2
 */
record GzipCodec(int width, boolean shuffled) implements TileCodec {
  private static final ValueLayout.OfInt LITTLE_INT =
      JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int HEADER_BYTES = 10;
  private static final int TRAILER_BYTES = 8;
  private static final int FLAGS_OFFSET = 3;
  private static final int HEADER_CRC = 2;
  private static final int EXTRA = 4;
  private static final int NAME = 8;
  private static final int COMMENT = 16;

  /** What a byte buffer can hold. */
  private static final long MAX_BUFFER = 1 << 30;

  private static final ArrayBlockingQueue<Inflater> IDLE = new ArrayBlockingQueue<>(32);

  /**
   * Bytes of each value, as the trailer tells the number of all bytes.
   *
   * @param expected is taken where the number, of which only 32 bits are kept, means several
   */
  static int width(MemorySegment compressed, int pixels, int expected) {
    requireRoom(compressed);
    int bytes = compressed.get(LITTLE_INT, compressed.byteSize() - 4);
    for (int width : new int[] {expected, 1, 2, 4, 8}) {
      if ((int) ((long) pixels * width) == bytes) {
        return width;
      }
    }
    throw new TileFormatException(
        Integer.toUnsignedString(bytes) + " bytes are not " + pixels + " pixels");
  }

  @Override
  public ByteOrder order() {
    return shuffled ? ByteOrder.nativeOrder() : ByteOrder.BIG_ENDIAN;
  }

  @Override
  public void decode(MemorySegment compressed, MemorySegment target, int pixels) {
    long bytes = (long) pixels * width;
    if (shuffled && width > 1) {
      try (TileScratch scratch = TileScratch.borrow()) {
        MemorySegment planes = scratch.pixels(bytes);
        gunzip(compressed, planes);
        WidthKernels.unshuffle(planes, target, width, pixels);
      }
    } else {
      gunzip(compressed, target.asSlice(0, bytes));
    }
  }

  /** Fills the target, no more and no less. */
  private static void gunzip(MemorySegment compressed, MemorySegment target) {
    long start = bodyOffset(compressed);
    long end = compressed.byteSize() - TRAILER_BYTES;
    if (start > end) {
      throw new TileFormatException("its gzip header is longer than the tile");
    }
    Inflater idle = IDLE.poll();
    Inflater inflater = idle != null ? idle : new Inflater(true);
    try {
      inflate(inflater, compressed.asSlice(start, end - start), target);
    } catch (DataFormatException broken) {
      throw new TileFormatException("its deflated bytes are damaged: " + broken.getMessage());
    } finally {
      inflater.reset();
      if (!IDLE.offer(inflater)) {
        inflater.end();
      }
    }
    if ((int) crc(target) != compressed.get(LITTLE_INT, end)) {
      throw new TileFormatException("its CRC is not that of the decompressed bytes");
    }
  }

  private static void inflate(Inflater inflater, MemorySegment body, MemorySegment target)
      throws DataFormatException {
    long taken = 0;
    long done = 0;
    ByteBuffer output = buffer(target, 0);
    while (!inflater.finished()) {
      if (inflater.needsInput() && taken < body.byteSize()) {
        ByteBuffer input = buffer(body, taken);
        taken += input.remaining();
        inflater.setInput(input);
      }
      int more = inflater.inflate(output);
      done += more;
      if (!output.hasRemaining() && done < target.byteSize()) {
        output = buffer(target, done);
      } else if (more == 0 && !inflater.finished()) {
        requireProgress(inflater, taken < body.byteSize());
      }
    }
    if (done < target.byteSize()) {
      throw new TileFormatException(
          "its deflated bytes end after " + done + " of " + target.byteSize() + " bytes");
    }
  }

  /** Nothing came: more input may help, if there is any. */
  private static void requireProgress(Inflater inflater, boolean moreInput) {
    if (inflater.needsDictionary()) {
      throw new TileFormatException("its deflated bytes need a dictionary");
    }
    if (!inflater.needsInput()) {
      throw new TileFormatException("it decompresses to more bytes than the tile has");
    }
    if (!moreInput) {
      throw new TileFormatException("its deflated bytes end too soon");
    }
  }

  private static ByteBuffer buffer(MemorySegment segment, long from) {
    return segment.asSlice(from, Math.min(MAX_BUFFER, segment.byteSize() - from)).asByteBuffer();
  }

  private static long crc(MemorySegment bytes) {
    CRC32 crc = new CRC32();
    for (long done = 0; done < bytes.byteSize(); done += MAX_BUFFER) {
      crc.update(buffer(bytes, done));
    }
    return crc.getValue();
  }

  private static void requireRoom(MemorySegment compressed) {
    if (compressed.byteSize() < HEADER_BYTES + TRAILER_BYTES) {
      throw new TileFormatException(compressed.byteSize() + " bytes are no gzip member");
    }
  }

  /** Where the deflated bytes begin. */
  private static long bodyOffset(MemorySegment compressed) {
    requireRoom(compressed);
    boolean gzip =
        compressed.get(JAVA_BYTE, 0) == 0x1F && compressed.get(JAVA_BYTE, 1) == (byte) 0x8B;
    if (!gzip || compressed.get(JAVA_BYTE, 2) != 8) {
      throw new TileFormatException("its bytes do not begin as a gzip member does");
    }
    int flags = compressed.get(JAVA_BYTE, FLAGS_OFFSET);
    long offset = HEADER_BYTES;
    if ((flags & EXTRA) != 0) {
      offset +=
          2
              + (compressed.get(JAVA_BYTE, offset) & 0xFF)
              + ((compressed.get(JAVA_BYTE, offset + 1) & 0xFF) << 8);
    }
    if ((flags & NAME) != 0) {
      offset = afterZero(compressed, offset);
    }
    if ((flags & COMMENT) != 0) {
      offset = afterZero(compressed, offset);
    }
    return (flags & HEADER_CRC) != 0 ? offset + 2 : offset;
  }

  private static long afterZero(MemorySegment compressed, long from) {
    long offset = from;
    while (offset < compressed.byteSize()) {
      if (compressed.get(JAVA_BYTE, offset++) == 0) {
        return offset;
      }
    }
    return offset;
  }
}
