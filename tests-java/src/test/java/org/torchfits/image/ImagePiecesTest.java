package org.torchfits.image;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImagePiecesTest {
  @ParameterizedTest
  @CsvSource({"0, 7, 0", "1, 7, 1", "7, 7, 1", "8, 7, 2", "100, 1, 100", "20, 6, 4"})
  void pieces_anySizes_coverEachElementOnce(long elements, long pieceElements, long count) {
    ImagePieces pieces = new ImagePieces(elements, pieceElements);
    assertEquals(count, pieces.count());
    long next = 0;
    for (long piece = 0; piece < count; piece++) {
      assertEquals(next, pieces.first(piece));
      next += pieces.length(piece);
    }
    assertEquals(elements, next);
    assertEquals(elements, LongStream.range(0, count).map(pieces::length).sum());
  }
}
