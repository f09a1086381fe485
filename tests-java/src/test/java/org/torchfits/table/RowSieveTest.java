package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.torchfits.header.FitsBytes.card;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.header.FitsBytes;
import org.torchfits.header.HduSelector;
import org.torchfits.zone.ZoneMaps;

class RowSieveTest {
  private static final int ROWS = 200_000;

  @TempDir Path folder;

  /** A table of N, its row's number, and M, its square, with so many bytes between them. */
  private TableFile table(int gap) throws IOException {
    int rowBytes = 8 + gap;
    String[] cards = {
      "XTENSION= 'BINTABLE'",
      card("BITPIX", 8),
      card("NAXIS", 2),
      card("NAXIS1", rowBytes),
      card("NAXIS2", ROWS),
      card("PCOUNT", 0),
      card("GCOUNT", 1),
      card("TFIELDS", 3),
      "TTYPE1  = 'N       '",
      "TFORM1  = 'J       '",
      "TFORM2  = '" + gap + "B'",
      "TTYPE3  = 'M       '",
      "TFORM3  = 'J       '"
    };
    ByteBuffer data = ByteBuffer.allocate(ROWS * rowBytes);
    for (int row = 0; row < ROWS; row++) {
      data.putInt(row * rowBytes, row).putInt(row * rowBytes + 4 + gap, row * row);
    }
    Path path = folder.resolve("table.fits");
    FitsBytes file = new FitsBytes().header(FitsBytes.primary(8)).header(cards);
    Files.write(path, file.data(data.array()).toBytes());
    return TableFile.open(path.toString(), new HduSelector(1, null, 0));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 5 << 20, 1 << 30})
  void sieve_anyRoomForRows_givesThoseOfTheCondition(long stashBytes) throws IOException {
    try (TableFile file = table(50)) {
      List<Column> columns = List.of(file.layout().column("M"));
      Predicate predicate = Predicate.of("N % 3 != 1", file.layout());
      Rows rows = Rows.all(ROWS);
      ScannedRows scanned = ScannedRows.of(file, rows, predicate, ZoneMaps.OF_PROCESS);
      RowSieve sieve = RowSieve.of(file, scanned, columns, stashBytes);
      assertNotNull(sieve);
      try (sieve) {
        assertEquals(true, sieve.job().help(Long.MAX_VALUE / 2));
        int[] expected = IntStream.range(0, ROWS).filter(row -> row % 3 != 1).toArray();
        assertEquals(expected.length, sieve.found());
        requireSquares(file, sieve, expected);
      }
    }
  }

  private static void requireSquares(TableFile file, RowSieve sieve, int[] expected) {
    Column column = file.layout().column("M");
    try (ColumnReader reader =
        new NumberColumn(file.layout(), column, sieve.found(), Abi.UNVERSIONED)) {
      assertEquals(true, sieve.reading(List.of(reader)).help(Long.MAX_VALUE / 2));
      DlpackTensor block = reader.blocks().getFirst();
      for (int i = 0; i < expected.length; i++) {
        int value = block.elements().get(JAVA_INT_UNALIGNED, i * 4L);
        assertEquals(expected[i] * expected[i], value, "row " + expected[i]);
      }
    }
  }

  @Test
  void of_longRows_isNone() throws IOException {
    try (TableFile file = table(0)) {
      Predicate predicate = Predicate.of("N > 1", file.layout());
      List<Column> columns = file.layout().columns();
      Rows apart = Rows.range(0, 5000, ROWS / 5000, ROWS);
      ScannedRows scanned = ScannedRows.of(file, apart, predicate, ZoneMaps.OF_PROCESS);
      assertNull(RowSieve.of(file, scanned, columns, 0));
    }
  }
}
