package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Locale;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.NativeMemoryException;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.Hdu;
import org.torchfits.source.ByteSource;
import org.torchfits.work.Stage;
import org.torchfits.work.Tally;

/** An image, or a section of one, that is ready to be decoded. */
public abstract sealed class OpenImage implements AutoCloseable
    permits DirectImage,
        TiledImage,
        CfitsioImage,
        ConvertedImage,
        KeptImage,
        KeepingImage,
        CutImage {
  private final ByteSource file;
  private final Hdu hdu;
  private final Section section;
  private final ElementType type;

  /**
   * @param file has a name that errors show
   */
  OpenImage(ByteSource file, Hdu hdu, Section section, ElementType type) {
    this.file = file;
    this.hdu = hdu;
    this.section = section;
    this.type = type;
  }

  /** The same part of the same image, as elements of another type. */
  OpenImage(OpenImage other, ElementType type) {
    this(other.file, other.hdu, other.section, type);
  }

  /** Another part of the same image, as elements of the same type. */
  OpenImage(OpenImage other, Section section) {
    this(other.file, other.hdu, section, other.type);
  }

  /** Memory that all elements are read into on their way; the caller owns it. */
  final DlpackTensor memory() {
    try {
      return DlpackTensor.allocate(Abi.UNVERSIONED, type, elements());
    } catch (NativeMemoryException | ArithmeticException refused) {
      throw new FitsException(ErrorKind.OUT_OF_MEMORY, place() + ": " + refused.getMessage());
    }
  }

  /** File and HDU, as errors show them. */
  public final String place() {
    return ImageReader.place(file.name(), hdu);
  }

  /** Index of the HDU, from 0. */
  public final int hdu() {
    return hdu.index();
  }

  /**
   * Where in the FITS file the result stands as it is, element for element, in bytes from 0; -1 if
   * it does not.
   */
  public long offset() {
    return -1;
  }

  /** Shape of the result in C order. */
  public final long[] shape() {
    return section.shape();
  }

  /** Element type of the result. */
  public final ElementType type() {
    return type;
  }

  /** Number of elements of the result. */
  public final long elements() {
    return section.pixels();
  }

  /** Bytes of the result. */
  public final long bytes() {
    return DlpackTensor.elementBytes(type, section.count());
  }

  final Section section() {
    return section;
  }

  /** Whether several threads may call {@link #readPiece} at once. */
  public abstract boolean isParallel();

  /**
   * In how many pieces the image is read, each of which takes a few milliseconds at most (but where
   * cfitsio reads): a job can be stopped between two of them. 0 for a result without elements.
   */
  public abstract long pieces();

  /**
   * Reads one piece of the result; all of them together write each element once.
   *
   * @param piece from 0
   * @param target the whole result, {@link #bytes()} long; the piece may stand anywhere in it
   */
  public final void readPiece(long piece, MemorySegment target) {
    Tally tally = Tally.mine();
    long start = System.nanoTime();
    long counted = tally.nanos();
    decodePiece(piece, target);
    // What is no other stage is this one.
    tally.add(Stage.DECODE_NANOS, System.nanoTime() - start - (tally.nanos() - counted));
    if (piece == 0) {
      tally.add(Stage.DECODED_BYTES, bytes());
    }
  }

  /** Does what {@link #readPiece} says. */
  abstract void decodePiece(long piece, MemorySegment target);

  @Override
  public abstract void close();

  /**
   * Decodes elements that follow each other in the result, and tells which of them cannot be held.
   *
   * @param target the whole result
   * @param first element that is decoded
   */
  final void decode(
      PixelDecoder decoder,
      MemorySegment source,
      long sourceOffset,
      MemorySegment target,
      long first,
      long count) {
    try {
      decoder.decode(source, sourceOffset, target, first * type.bytes(), count);
    } catch (ValueRangeException refused) {
      throw new FitsException(
          ErrorKind.VALUE_RANGE,
          place()
              + ": pixel "
              + Arrays.toString(position(first + refused.index()))
              + " is "
              + refused.getMessage()
              + ", which "
              + type.name().toLowerCase(Locale.ROOT)
              + " does not hold");
    }
  }

  /** Indices into the result, from 0. */
  private long[] position(long element) {
    long[] shape = shape();
    long[] position = new long[shape.length];
    long rest = element;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      position[axis] = rest % shape[axis];
      rest /= shape[axis];
    }
    return position;
  }
}
