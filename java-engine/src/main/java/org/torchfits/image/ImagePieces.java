package org.torchfits.image;

/**
 * The elements of a result in consecutive ranges, the pieces.
 *
 * @param elements of the result
 * @param pieceElements of each piece but the last
 */
record ImagePieces(long elements, long pieceElements) {
  private static final int PIECES = 8;
  private static final long SMALLEST_BYTES = 512 << 10;

  /** A huge page: no two threads wait for the same page to be cleared. */
  private static final long LARGEST_BYTES = 2 << 20;

  /** Pieces that several threads can share, each of which takes a few milliseconds at most. */
  static ImagePieces of(OpenImage image) {
    long bytes = Math.clamp(image.bytes() / PIECES, SMALLEST_BYTES, LARGEST_BYTES);
    return new ImagePieces(image.elements(), bytes / image.type().bytes());
  }

  /** Everything in one piece. */
  static ImagePieces single(OpenImage image) {
    return new ImagePieces(image.elements(), Math.max(1, image.elements()));
  }

  /** The same elements in pieces of at most so many. */
  ImagePieces ofAtMost(long mostElements) {
    return new ImagePieces(elements, Math.clamp(pieceElements, 1, mostElements));
  }

  /** Number of pieces; 0 for a result without elements. */
  long count() {
    return Math.ceilDiv(elements, pieceElements);
  }

  /** First element of a piece. */
  long first(long piece) {
    return piece * pieceElements;
  }

  /** Number of elements of a piece. */
  long length(long piece) {
    return Math.min(pieceElements, elements - first(piece));
  }
}
