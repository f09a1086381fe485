package org.torchfits.image;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.torchfits.cfitsio.FitsFile;
import org.torchfits.cfitsio.PixelFormat;
import org.torchfits.cfitsio.PixelFormat.Values;
import org.torchfits.cfitsio.PixelType;
import org.torchfits.dlpack.ElementType;
import org.torchfits.header.Hdu;
import org.torchfits.source.ByteSource;
import org.torchfits.source.FitsSource;

/** An image read by cfitsio: the general path, which every faster one must agree with. */
final class CfitsioImage extends OpenImage {
  private final FitsFile file;
  private final PixelFormat format;
  private final boolean whole;
  private final ImagePieces pieces;

  private CfitsioImage(
      ByteSource source,
      FitsFile file,
      Hdu hdu,
      Section section,
      PixelFormat format,
      boolean whole) {
    super(source, hdu, section, ElementType.valueOf(format.type().name()));
    this.file = file;
    this.format = format;
    this.whole = whole;
    // cfitsio reads a box as a whole: each further piece would read all of it again.
    this.pieces = whole ? ImagePieces.of(this) : ImagePieces.single(this);
  }

  /**
   * @param path as for {@link FitsSource#open}
   */
  static CfitsioImage open(
      String path, ByteSource source, Hdu hdu, Section section, ElementType type, boolean scaled) {
    PixelFormat format =
        new PixelFormat(PixelType.valueOf(type.name()), scaled ? Values.PHYSICAL : Values.STORED);
    FitsFile file = FitsFile.open(path);
    try {
      file.moveTo(hdu.index());
      return new CfitsioImage(source, file, hdu, section, format, section.isWhole(hdu.shape()));
    } catch (RuntimeException | Error failure) {
      file.close();
      throw failure;
    }
  }

  @Override
  public boolean isParallel() {
    return false;
  }

  @Override
  public long pieces() {
    return pieces.count();
  }

  @Override
  void decodePiece(long piece, MemorySegment target) {
    if (whole) {
      readRange(pieces.first(piece), pieces.length(piece), target);
    } else {
      readBox(target);
    }
  }

  private void readRange(long first, long count, MemorySegment target) {
    int elementBytes = type().bytes();
    file.readPixels(
        first, count, format, target.asSlice(first * elementBytes, count * elementBytes));
  }

  /** Reads the pixels in the order of the file, then turns the axes that the section flips. */
  private void readBox(MemorySegment target) {
    long[] count = section().count();
    long[] step = Arrays.stream(section().step()).map(Math::abs).toArray();
    long[] first = section().start().clone();
    long[] last = first.clone();
    for (int axis = 0; axis < count.length; axis++) {
      long extent = (count[axis] - 1) * section().step()[axis];
      first[axis] += Math.min(0, extent);
      last[axis] += Math.max(0, extent);
    }
    file.readSection(first, last, step, format, target);
    for (int axis = 0; axis < count.length; axis++) {
      if (section().step()[axis] < 0) {
        flip(target, axis);
      }
    }
  }

  private void flip(MemorySegment target, int flipped) {
    long[] count = section().count();
    long bytes = type().bytes();
    for (int axis = flipped + 1; axis < count.length; axis++) {
      bytes *= count[axis];
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment held = arena.allocate(bytes);
      long block = bytes * count[flipped];
      for (long start = 0; start < bytes(); start += block) {
        reverse(target.asSlice(start, block), bytes, held);
      }
    }
  }

  /** Reverses the order of parts of {@code bytes} each. */
  private static void reverse(MemorySegment block, long bytes, MemorySegment held) {
    long high = block.byteSize() - bytes;
    for (long low = 0; low < high; low += bytes, high -= bytes) {
      held.copyFrom(block.asSlice(low, bytes));
      MemorySegment.copy(block, high, block, low, bytes);
      MemorySegment.copy(held, 0, block, high, bytes);
    }
  }

  @Override
  public void close() {
    file.close();
  }
}
