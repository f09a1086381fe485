package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.torchfits.cfitsio.FitsFile;
import org.torchfits.cfitsio.PixelFormat;
import org.torchfits.cfitsio.PixelFormat.Values;
import org.torchfits.cfitsio.PixelType;
import org.torchfits.dlpack.ElementType;
import org.torchfits.header.Hdu;
import org.torchfits.source.FileSource;

/** An image read by cfitsio: the general path, which every faster one must agree with. */
final class CfitsioImage extends OpenImage {
  private final FitsFile file;
  private final PixelFormat format;
  private final boolean whole;
  private final ImagePieces pieces;

  private CfitsioImage(
      String name, FitsFile file, Hdu hdu, Section section, PixelFormat format, boolean whole) {
    super(name, hdu, section, ElementType.valueOf(format.type().name()));
    this.file = file;
    this.format = format;
    this.whole = whole;
    // cfitsio reads a box as a whole: each further piece would read all of it again.
    this.pieces = whole ? ImagePieces.of(this) : ImagePieces.single(this);
  }

  /**
   * @param path as for {@link FileSource#open}
   */
  static CfitsioImage open(
      String path, String name, Hdu hdu, Section section, ElementType type, boolean scaled) {
    PixelFormat format =
        new PixelFormat(PixelType.valueOf(type.name()), scaled ? Values.PHYSICAL : Values.STORED);
    FitsFile file = FitsFile.open(path);
    try {
      file.moveTo(hdu.index());
      return new CfitsioImage(
          name, file, hdu, section, format, Arrays.equals(section.count(), hdu.shape()));
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
  public void readPiece(long piece, MemorySegment target) {
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

  private void readBox(MemorySegment target) {
    long[] start = section().start();
    long[] last = new long[start.length];
    long[] step = new long[start.length];
    Arrays.fill(step, 1);
    Arrays.setAll(last, axis -> start[axis] + section().count()[axis] - 1);
    file.readSection(start, last, step, format, target);
  }

  @Override
  public void close() {
    file.close();
  }
}
