package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;

/**
 * An image whose elements are made of those of another one: for types that cfitsio does not
 * deliver.
 *
 * <p>First the pieces of the other image are read into memory of this one, then they are converted.
 */
final class ConvertedImage extends OpenImage {
  private final OpenImage image;
  private final int imageBytes;
  private final PixelDecoder decoder;
  private final ImagePieces pieces;
  private final DlpackTensor read;

  /**
   * @param image closed with this one; its pieces are read one after the other
   * @param type of the elements of this image
   * @param decoder makes them of the other's elements, in native byte order
   */
  ConvertedImage(OpenImage image, ElementType type, PixelDecoder decoder) {
    super(image, type);
    this.image = image;
    this.imageBytes = image.type().bytes();
    this.decoder = decoder;
    this.pieces = ImagePieces.of(this);
    this.read = image.memory();
  }

  @Override
  public boolean isParallel() {
    return false;
  }

  @Override
  public long pieces() {
    return image.pieces() + pieces.count();
  }

  @Override
  void decodePiece(long piece, MemorySegment target) {
    long own = piece - image.pieces();
    if (own < 0) {
      image.readPiece(piece, read.elements());
    } else {
      long first = pieces.first(own);
      decode(decoder, read.elements(), first * imageBytes, target, first, pieces.length(own));
    }
  }

  @Override
  public void close() {
    read.close();
    image.close();
  }
}
