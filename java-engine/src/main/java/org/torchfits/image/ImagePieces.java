package org.torchfits.image;

/**
 * An image's elements in pieces, each of which takes a few milliseconds at most (but where cfitsio
 * reads): a job can be stopped between two of them.
 *
 * @param elements of the image
 * @param pieceElements of each piece but the last
 */
public record ImagePieces(long elements, long pieceElements) {
  /** A huge page: no two threads wait for the same page to be cleared. */
  private static final long LARGEST_BYTES = 2 << 20;

  /**
   * Pieces for each of which the image may be opened anew: as large as they can be, and a single
   * one where opening means to begin with decompressing again.
   */
  public static ImagePieces large(OpenImage image) {
    long elements = image.elements();
    return image.isParallel()
        ? of(image, LARGEST_BYTES)
        : new ImagePieces(elements, Math.max(1, elements));
  }

  /**
   * Pieces that several threads can share.
   *
   * @param pieces how many there should be at least, if none becomes smaller than {@code
   *     smallestBytes}
   */
  static ImagePieces shared(OpenImage image, int pieces, long smallestBytes) {
    return of(image, Math.clamp(image.bytes() / pieces, smallestBytes, LARGEST_BYTES));
  }

  private static ImagePieces of(OpenImage image, long bytes) {
    long preferred = bytes / image.type().bytes();
    return new ImagePieces(image.elements(), Math.max(1, image.pieceElements(preferred)));
  }

  /** Number of pieces; 0 for an image without elements. */
  public long count() {
    return Math.ceilDiv(elements, pieceElements);
  }

  /** First element of a piece. */
  public long first(long piece) {
    return piece * pieceElements;
  }

  /** Number of elements of a piece. */
  public long length(long piece) {
    return Math.min(pieceElements, elements - first(piece));
  }
}
