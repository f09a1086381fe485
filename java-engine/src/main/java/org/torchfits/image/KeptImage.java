package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import org.torchfits.header.Hdu;
import org.torchfits.tile.CachedTile;
import org.torchfits.work.Stage;
import org.torchfits.work.Tally;

/** An image whose elements were decoded before. */
final class KeptImage extends OpenImage {
  private final CachedTile elements;
  private final ImagePieces pieces;

  /**
   * @param elements all of them; the lease ends with this image
   */
  KeptImage(String file, Hdu hdu, Section section, StoredFormat format, CachedTile elements) {
    super(file, hdu, section, format.type());
    this.elements = elements;
    this.pieces = ImagePieces.of(this);
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
    long start = System.nanoTime();
    long offset = pieces.first(piece) * type().bytes();
    long bytes = pieces.length(piece) * type().bytes();
    MemorySegment.copy(elements.pixels(), offset, target, offset, bytes);
    Tally.mine().addSince(Stage.COPY_NANOS, start);
  }

  @Override
  public void close() {
    elements.close();
  }
}
