package org.torchfits.table;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.FitsBytes;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduReader;
import org.torchfits.header.HduSelector;
import org.torchfits.header.Keywords;
import org.torchfits.source.MemorySource;

class TableLayoutTest {
  private static String text(String keyword, String value) {
    return "%-8s= '%-8s'".formatted(keyword, value);
  }

  private static String number(String keyword, Object value) {
    return FitsBytes.card(keyword, value);
  }

  private static TableLayout layout(
      String type, long rowBytes, long rows, long pcount, String... cards) {
    List<String> all =
        new ArrayList<>(
            List.of(
                text("XTENSION", type),
                number("BITPIX", 8),
                number("NAXIS", 2),
                number("NAXIS1", rowBytes),
                number("NAXIS2", rows),
                number("PCOUNT", pcount),
                number("GCOUNT", 1)));
    all.addAll(List.of(cards));
    return layoutOf(all);
  }

  private static TableLayout layoutOf(List<String> cards) {
    byte[] file =
        new FitsBytes().header(FitsBytes.primary(8)).header(cards.toArray(String[]::new)).toBytes();
    try (HduReader reader = new HduReader(MemorySource.of(file))) {
      Hdu hdu = reader.find(new HduSelector(1, null, 0));
      return TableLayout.of("a.fits[1]", hdu, new Keywords("a.fits[1]", reader.headerText(hdu)));
    }
  }

  private static TableLayout binary(long rowBytes, String... cards) {
    return layout("BINTABLE", rowBytes, 3, 0, cards);
  }

  private static void refused(Runnable act, String part) {
    FitsException thrown = assertThrows(FitsException.class, act::run);
    assertEquals(ErrorKind.BAD_HEADER, thrown.kind());
    String message = String.valueOf(thrown.getMessage());
    assertTrue(message.startsWith("a.fits[1]: ") && message.contains(part), message);
  }

  @Test
  void columns_ofBinaryTable_standOneBehindTheOther() {
    TableLayout table =
        binary(
            22,
            number("TFIELDS", 3),
            text("TTYPE1", "RA"),
            text("TFORM1", "D"),
            text("TUNIT1", "deg"),
            text("TDISP1", "F10.4"),
            text("TFORM2", "1PE(3)"),
            text("TTYPE3", "FLAGS"),
            text("TFORM3", "6B"),
            text("TDIM3", "(2,3)"),
            number("TNULL3", 255),
            number("TSCAL3", "1.0D0"),
            number("TZERO3", -128));
    assertEquals(3, table.rows());
    assertEquals(22, table.rowBytes());
    assertEquals(5760, table.dataOffset());
    assertEquals(5760 + 66, table.heapOffset());
    assertEquals(0, table.heapBytes());
    assertEquals(5760 + 44, table.rowOffset(2));
    Column ra = table.columns().get(0);
    assertEquals("RA", ra.name());
    assertEquals("deg", ra.unit());
    assertEquals("F10.4", ra.display());
    Column second = table.columns().get(1);
    assertEquals("col2", second.name());
    assertEquals(8, second.offset());
    Column flags = table.columns().get(2);
    assertEquals(16, flags.offset());
    assertArrayEquals(new long[] {2, 3}, flags.dim());
    assertEquals(255L, flags.nullValue());
    assertTrue(flags.isScaled());
    assertNull(flags.problem());
  }

  @ParameterizedTest
  @CsvSource({"10", "8", "0"})
  void columns_thatDisagreeWithNaxis1_areRefused(long rowBytes) {
    refused(
        () -> binary(rowBytes, number("TFIELDS", 2), text("TFORM1", "J"), text("TFORM2", "5A")),
        "NAXIS1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Y", "2PE(1)", "-3J", "999999999999999999M", "'quoted'"})
  void columns_ofNonsenseForm_areRefused(String form) {
    refused(
        () -> binary(8, number("TFIELDS", 1), text("TFORM1", form.replace("'", "''"))), "TFORM1");
  }

  @Test
  void columns_withoutFormOrCount_areRefused() {
    refused(() -> binary(8, number("TFIELDS", 1)), "TFORM1 is missing");
    refused(() -> binary(8, number("TFIELDS", 1000)), "TFIELDS");
    refused(() -> binary(8), "TFIELDS is missing");
  }

  @Test
  void columns_999_areAllThere() {
    String[] cards = new String[1000];
    cards[0] = number("TFIELDS", 999);
    for (int i = 1; i < 1000; i++) {
      cards[i] = text("TFORM" + i, "I");
    }
    TableLayout table = binary(1998, cards);
    assertEquals(999, table.columns().size());
    assertEquals(1996, table.columns().get(998).offset());
    assertEquals("col999", table.columns().get(998).name());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "TDIM1;'(2,4)';more than 6",
        "TDIM1;'(3';not a list",
        "TDIM1;'(99999999999999999999)';not a list",
        "TDIM1;'(999999999999999999,999999999999999999)';more than",
        "TDIM1;'2,3';not a list",
        "TDIM1;'()';not a list",
        "TSCAL1;'abc';not a number",
        "TZERO1;'1.e';not a number",
        "TNULL1;'1.5';not an integer",
      })
  void columns_withOddCards_sayWhyTheyCannotBeRead(String keyword, String value, String reason) {
    TableLayout table = binary(6, number("TFIELDS", 1), text("TFORM1", "6B"), text(keyword, value));
    String problem = table.columns().get(0).problem();
    assertNotNull(problem);
    assertTrue(problem.startsWith(keyword) && problem.contains(reason), problem);
  }

  @Test
  void dim_ofFewerElements_isTaken() {
    TableLayout table =
        binary(6, number("TFIELDS", 1), text("TFORM1", "6B"), text("TDIM1", "(2, 2)"));
    assertArrayEquals(new long[] {2, 2}, table.columns().get(0).dim());
    assertNull(table.columns().get(0).problem());
  }

  @Test
  void heap_behindGap_beginsAtTheap() {
    TableLayout table =
        layout(
            "BINTABLE", 8, 3, 100, number("TFIELDS", 1), text("TFORM1", "PE"), number("THEAP", 64));
    assertEquals(table.dataOffset() + 64, table.heapOffset());
    assertEquals(60, table.heapBytes());
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 0, 23, 125, Long.MAX_VALUE})
  void heap_outsideTheData_isRefused(long theap) {
    refused(
        () ->
            layout(
                "BINTABLE",
                8,
                3,
                100,
                number("TFIELDS", 1),
                text("TFORM1", "PE"),
                number("THEAP", theap)),
        "THEAP");
  }

  @Test
  void rows_beyondTheData_areRefused() {
    // No GCOUNT but 1 describes a table: with 0 there is no data at all.
    refused(
        () ->
            layoutOf(
                List.of(
                    text("XTENSION", "BINTABLE"),
                    number("BITPIX", 8),
                    number("NAXIS", 2),
                    number("NAXIS1", 8),
                    number("NAXIS2", 3),
                    number("PCOUNT", 0),
                    number("GCOUNT", 0),
                    number("TFIELDS", 1),
                    text("TFORM1", "D"))),
        "3 rows of 8 bytes");
  }

  @Test
  void names_areFoundExactlyThenWithoutCase() {
    TableLayout table =
        binary(
            16,
            number("TFIELDS", 4),
            text("TFORM1", "J"),
            text("TTYPE1", "flux"),
            text("TFORM2", "J"),
            text("TTYPE2", "FLUX"),
            text("TFORM3", "J"),
            text("TTYPE3", "FLUX"),
            text("TFORM4", "J"),
            text("TTYPE4", "Id"));
    assertEquals(0, table.column("flux").index());
    assertEquals(1, table.column("FLUX").index());
    assertEquals(2, table.column("FLUX_2").index());
    assertEquals(0, table.column("Flux").index());
    assertEquals(3, table.column("ID").index());
    assertEquals(
        ErrorKind.COLUMN_NOT_FOUND,
        assertThrows(FitsException.class, () -> table.column("MAG")).kind());
  }

  @Test
  void columns_ofAsciiTable_mayOverlap() {
    TableLayout table =
        layout(
            "TABLE",
            12,
            2,
            0,
            number("TFIELDS", 3),
            text("TFORM1", "I4"),
            number("TBCOL1", 1),
            text("TFORM2", "A12"),
            number("TBCOL2", 1),
            text("TNULL1", "***"),
            text("TFORM3", "F6.2"),
            number("TBCOL3", 7));
    assertEquals(6, table.columns().get(2).offset());
    assertEquals(0, table.columns().get(1).offset());
    assertEquals("***", table.columns().get(0).nullText());
  }

  @ParameterizedTest
  @CsvSource({"0,I4", "13,I4", "10,I4", "1,I13", "1,J4"})
  void columns_ofAsciiTableOutsideTheRow_areRefused(long start, String form) {
    refused(
        () ->
            layout(
                "TABLE",
                12,
                2,
                0,
                number("TFIELDS", 1),
                text("TFORM1", form),
                number("TBCOL1", start)),
        "1 = ");
  }

  @Test
  void names_beyondAscii_areKept() {
    String name = new String(new byte[] {(byte) 0xE9}, ISO_8859_1);
    assertEquals(
        name,
        binary(4, number("TFIELDS", 1), text("TFORM1", "J"), text("TTYPE1", name))
            .columns()
            .get(0)
            .name());
  }

  @Test
  void kinds_otherThanTables_areRefused() {
    FitsException image = assertThrows(FitsException.class, () -> layout("IMAGE", 4, 2, 0));
    assertEquals(ErrorKind.WRONG_HDU_KIND, image.kind());
  }

  private static TableLayout compressed(String... cards) {
    List<String> all = new ArrayList<>(List.of(number("ZTABLE", "T"), number("TFIELDS", 1)));
    all.addAll(List.of(cards));
    return layout("BINTABLE", 16, 2, 100, all.toArray(String[]::new));
  }

  @Test
  void compressedTable_isToldAsItWas() {
    TableLayout table =
        compressed(
            number("ZNAXIS1", 8),
            number("ZNAXIS2", 50),
            text("TFORM1", "1QB"),
            text("ZFORM1", "2J"));
    assertEquals(50, table.rows());
    assertEquals(8, table.rowBytes());
    assertEquals("2J", table.columns().get(0).form().text().strip());
    assertEquals(table.dataOffset() + 32, table.heapOffset());
    assertEquals(100, table.heapBytes());
  }

  @Test
  void compressedTable_withoutItsShape_isRefused() {
    FitsException thrown =
        assertThrows(FitsException.class, () -> compressed(number("ZNAXIS1", 8)));
    assertEquals("memory.fits[1]: ZNAXIS2 is missing", thrown.getMessage());
    refused(
        () -> compressed(number("ZNAXIS1", 8), number("ZNAXIS2", 1), text("TFORM1", "2J")),
        "ZFORM1 is missing");
  }
}
