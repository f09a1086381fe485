package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.torchfits.header.Hdu;
import org.torchfits.source.ByteSource;
import org.torchfits.tile.CachedTile;
import org.torchfits.work.Stage;
import org.torchfits.work.Tally;

/** An image whose elements were decoded before. */
final class KeptImage extends OpenImage {
  private final CachedTile elements;
  private final ImagePieces pieces;

  /** Which of them; null for all. */
  private final @Nullable Cut cut;

  /**
   * @param elements all of them; the lease ends with this image
   * @param cut which of them this image has; null for all
   */
  KeptImage(
      ByteSource file,
      Hdu hdu,
      Section section,
      StoredFormat format,
      CachedTile elements,
      @Nullable Cut cut) {
    super(file, hdu, section, format.type());
    this.elements = elements;
    this.pieces = ImagePieces.of(this);
    this.cut = cut;
  }

  @Override
  public boolean isParallel() {
    return true;
  }

  @Override
  public long pieces() {
    return cut == null ? pieces.count() : 1;
  }

  @Override
  void decodePiece(long piece, MemorySegment target) {
    long start = System.nanoTime();
    if (cut == null) {
      copy(piece, target);
    } else {
      cut.put(elements.pixels(), target);
    }
    Tally.mine().addSince(Stage.COPY_NANOS, start);
  }

  private void copy(long piece, MemorySegment target) {
    long offset = pieces.first(piece) * type().bytes();
    long bytes = pieces.length(piece) * type().bytes();
    MemorySegment.copy(elements.pixels(), offset, target, offset, bytes);
  }

  @Override
  public void close() {
    elements.close();
  }
}
