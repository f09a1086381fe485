package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import org.torchfits.tile.KeptPixels;
import org.torchfits.work.Stage;
import org.torchfits.work.Tally;

/** An image whose elements are kept when all of them are decoded. */
final class KeepingImage extends OpenImage {
  private final OpenImage image;
  private final KeptPixels kept;

  /** Pieces that are decoded: one may be done again. */
  private final BitSet done = new BitSet();

  /**
   * @param image closed with this one
   */
  KeepingImage(OpenImage image, KeptPixels kept) {
    super(image, image.type());
    this.image = image;
    this.kept = kept;
  }

  @Override
  public boolean isParallel() {
    return image.isParallel();
  }

  @Override
  public long pieces() {
    return image.pieces();
  }

  @Override
  void decodePiece(long piece, MemorySegment target) {
    image.decodePiece(piece, target);
    if (isLast(piece)) {
      long start = System.nanoTime();
      kept.keep(target);
      Tally.mine().addSince(Stage.COPY_NANOS, start);
    }
  }

  /** Whether all pieces are decoded with this one, and were not before. */
  private synchronized boolean isLast(long piece) {
    boolean isNew = !done.get((int) piece);
    done.set((int) piece);
    return isNew && done.cardinality() == image.pieces();
  }

  @Override
  public void close() {
    image.close();
  }
}
