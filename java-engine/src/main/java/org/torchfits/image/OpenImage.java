package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.header.Hdu;

/** An image, or a section of one, that is ready to be decoded. */
public abstract sealed class OpenImage implements AutoCloseable permits DirectImage, CfitsioImage {
  private final String file;
  private final Hdu hdu;
  private final Section section;
  private final ElementType type;

  OpenImage(String file, Hdu hdu, Section section, ElementType type) {
    this.file = file;
    this.hdu = hdu;
    this.section = section;
    this.type = type;
  }

  /** File and HDU, as errors show them. */
  public final String place() {
    return ImageReader.place(file, hdu);
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

  /** Whether several threads may call {@link #read} at once. */
  public abstract boolean isParallel();

  /** How many elements one {@link #read} should take, given how many the caller would like. */
  abstract long pieceElements(long preferred);

  /**
   * Decodes a range of the result's elements.
   *
   * @param first element of the range, in the C order of the result
   * @param count of elements
   * @param target the whole result, {@link #bytes()} long; only the range is written
   */
  public abstract void read(long first, long count, MemorySegment target);

  @Override
  public abstract void close();
}
