package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.work.Stage;
import org.torchfits.work.Tally;

/** A box of an image all of which is decoded, into memory of this one: it is to be kept. */
final class CutImage extends OpenImage {
  private final OpenImage whole;
  private final Cut cut;
  private final DlpackTensor elements;

  /**
   * @param whole closed with this one; its pieces are read one after the other
   * @param section of the image that the box is
   */
  CutImage(OpenImage whole, Section section, Cut cut) {
    super(whole, section);
    this.whole = whole;
    this.cut = cut;
    this.elements = whole.memory();
  }

  @Override
  public boolean isParallel() {
    return false;
  }

  @Override
  public long pieces() {
    return whole.pieces() + 1;
  }

  @Override
  void decodePiece(long piece, MemorySegment target) {
    if (piece < whole.pieces()) {
      whole.decodePiece(piece, elements.elements());
    } else {
      long start = System.nanoTime();
      cut.put(elements.elements(), target);
      Tally.mine().addSince(Stage.COPY_NANOS, start);
    }
  }

  @Override
  public void close() {
    elements.close();
    whole.close();
  }
}
