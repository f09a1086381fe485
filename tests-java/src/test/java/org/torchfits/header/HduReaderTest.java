package org.torchfits.header;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.torchfits.header.FitsBytes.card;
import static org.torchfits.header.FitsBytes.extension;
import static org.torchfits.header.FitsBytes.primary;
import static org.torchfits.header.FitsBytes.table;
import static org.torchfits.header.FitsBytes.with;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.source.ByteSource;
import org.torchfits.source.MemorySource;

class HduReaderTest {
  private static List<Hdu> all(ByteSource source) {
    List<Hdu> hdus = new ArrayList<>();
    try (HduReader reader = new HduReader(source)) {
      for (Hdu hdu = reader.next(); hdu != null; hdu = reader.next()) {
        hdus.add(hdu);
      }
    }
    return hdus;
  }

  private static List<Hdu> all(FitsBytes file) {
    return all(MemorySource.of(file.toBytes()));
  }

  /** The one HDU of a file whose header has these cards. */
  private static Hdu only(String... cards) {
    List<Hdu> hdus = all(new FitsBytes().header(cards));
    assertEquals(1, hdus.size());
    return hdus.getFirst();
  }

  /** The second HDU of a file. */
  private static Hdu second(String... cards) {
    return all(new FitsBytes().header(primary(8)).header(cards)).get(1);
  }

  private static Hdu find(FitsBytes file, HduSelector selector) {
    try (HduReader reader = new HduReader(MemorySource.of(file.toBytes()))) {
      return reader.find(selector);
    }
  }

  private static HduSelector named(String name, int version) {
    return new HduSelector(HduSelector.BY_NAME, name, version);
  }

  private static void assertFailure(ErrorKind kind, String message, ByteSource source) {
    FitsException failure = assertThrows(FitsException.class, () -> all(source));
    assertEquals(message, failure.getMessage());
    assertEquals(kind, failure.kind());
  }

  private static void assertBadHeader(String reason, String... cards) {
    byte[] file = new FitsBytes().header(cards).toBytes();
    assertFailure(ErrorKind.BAD_HEADER, "memory.fits[0]: " + reason, MemorySource.of(file));
  }

  private static FitsBytes multiExtension() {
    return new FitsBytes()
        .header(with(primary(16, 3, 2), card("EXTEND", "T")))
        .data(new byte[12])
        .header(with(extension(-32, 5), "EXTNAME = 'SCI     '", card("EXTVER", 1)))
        .data(new byte[20])
        .header(with(extension(8), "EXTNAME = 'EMPTY'"))
        .header(with(extension(-64, 7, 4, 2), "EXTNAME = 'sci'", card("EXTVER", 2)))
        .data(new byte[448])
        .header(with(table(10, 300, 5000), "EXTNAME = 'EVENTS'"))
        .data(new byte[8000])
        .header(with(extension(64, 1), "EXTNAME = 'SCI'", card("EXTVER", 2)))
        .data(new byte[8]);
  }

  @Test
  void next_severalExtensions_areAllFound() {
    List<Hdu> hdus = all(multiExtension());
    assertEquals(List.of(16, -32, 8, -64, 8, 64), hdus.stream().map(Hdu::bitpix).toList());
    assertEquals(
        List.of("", "SCI", "EMPTY", "sci", "EVENTS", "SCI"), hdus.stream().map(Hdu::name).toList());
    assertEquals(List.of(1, 1, 1, 2, 1, 2), hdus.stream().map(Hdu::version).toList());
    assertEquals(List.of(0, 1, 2, 3, 4, 5), hdus.stream().map(Hdu::index).toList());
    assertArrayEquals(new long[] {7, 4, 2}, hdus.get(3).axes());
    assertArrayEquals(new long[] {2, 4, 7}, hdus.get(3).shape());
  }

  @Test
  void next_severalExtensions_standWhereTheyWereWritten() {
    List<Hdu> hdus = all(multiExtension());
    assertEquals(
        List.of(0L, 5760L, 11520L, 14400L, 20160L, 31680L),
        hdus.stream().map(Hdu::headerOffset).toList());
    assertEquals(
        List.of(2880L, 8640L, 14400L, 17280L, 23040L, 34560L),
        hdus.stream().map(Hdu::dataOffset).toList());
    assertEquals(
        List.of(12L, 20L, 0L, 448L, 8000L, 8L), hdus.stream().map(Hdu::dataBytes).toList());
  }

  @Test
  void next_afterLast_isNullAgainAndAgain() {
    try (HduReader reader =
        new HduReader(MemorySource.of(new FitsBytes().header(primary(8)).toBytes()))) {
      assertNotNull(reader.next());
      assertNull(reader.next());
      assertNull(reader.next());
    }
  }

  @ParameterizedTest
  @CsvSource({"SCI, 0, 1", "sci, 0, 1", "SCI, 1, 1", "SCI, 2, 3", "EVENTS, 0, 4", "PRIMARY, 0, 0"})
  void find_name_isFirstOfThatNameAndVersion(String name, int version, int index) {
    assertEquals(index, find(multiExtension(), named(name, version)).index());
  }

  @Test
  void find_primary_isFirstHduThoughItHasAName() {
    FitsBytes file = new FitsBytes().header(with(primary(8), "EXTNAME = 'SCI'"));
    assertEquals(0, find(file, named("PRIMARY", 0)).index());
    assertEquals(0, find(file, named("SCI", 0)).index());
  }

  @Test
  void find_firstImage_skipsPrimaryWithoutData() {
    FitsBytes file = new FitsBytes().header(primary(8)).header(table(1, 1, 0)).data((byte) 1);
    file.header(extension(8)).header(extension(16, 4)).data(new byte[8]);
    assertEquals(3, find(file, new HduSelector(HduSelector.FIRST_IMAGE, null, 0)).index());
  }

  @ParameterizedTest
  @CsvSource({"6, , 0, HDU 6", "-1, SCI, 3, HDU 'SCI' version 3", "-1, NONE, 0, HDU 'NONE'"})
  void find_none_saysHowManyThereAre(int index, String name, int version, String wanted) {
    FitsException failure =
        assertThrows(
            FitsException.class,
            () -> find(multiExtension(), new HduSelector(index, name, version)));
    assertEquals(ErrorKind.HDU_NOT_FOUND, failure.kind());
    assertEquals("memory.fits: no " + wanted + " (the file has 6 HDUs)", failure.getMessage());
  }

  @Test
  void next_noAxes_hasNoData() {
    Hdu hdu = only(primary(8));
    assertEquals(HduKind.IMAGE, hdu.kind());
    assertEquals(0, hdu.axes().length);
    assertEquals(0, hdu.dataBytes());
  }

  @Test
  void next_axisOfNoLength_hasNoData() {
    assertEquals(0, only(primary(8, 5, 0)).dataBytes());
  }

  @Test
  void next_randomGroups_areCountedByGroups() {
    Hdu hdu =
        all(new FitsBytes()
                .header(
                    with(
                        primary(-32, 0, 3, 4),
                        card("GROUPS", "T"),
                        card("PCOUNT", 5),
                        card("GCOUNT", 10)))
                .data(new byte[680]))
            .getFirst();
    assertEquals(HduKind.RANDOM_GROUPS, hdu.kind());
    assertEquals(4 * 10 * (5 + 12), hdu.dataBytes());
  }

  @Test
  void shape_groupsWithoutArrays_isEmpty() {
    for (long[] axes : new long[][] {{}, {0}}) {
      assertArrayEquals(new long[0], only(with(primary(8, axes), card("GROUPS", "T"))).shape());
    }
  }

  @Test
  void next_groupsWithoutEmptyFirstAxis_isImage() {
    assertEquals(HduKind.IMAGE, only(with(primary(8, 2, 3), card("GROUPS", "T"))).kind());
  }

  @Test
  void next_compressedImage_isTheImage() {
    Hdu hdu =
        second(
            with(
                table(8, 20, 1234),
                card("ZIMAGE", "T"),
                "ZCMPTYPE= 'RICE_1'",
                card("ZBITPIX", -32),
                card("ZNAXIS", 2),
                card("ZNAXIS1", 300),
                card("ZNAXIS2", 20)));
    assertEquals(HduKind.COMPRESSED_IMAGE, hdu.kind());
    assertEquals(-32, hdu.bitpix());
    assertArrayEquals(new long[] {300, 20}, hdu.axes());
    assertEquals(8 * 20 + 1234, hdu.dataBytes());
    assertTrue(hdu.hasImage());
  }

  @Test
  void next_tableThatIsNotCompressedImage_isTable() {
    assertEquals(HduKind.BINARY_TABLE, second(with(table(8, 20, 0), card("ZIMAGE", "F"))).kind());
    assertEquals(HduKind.BINARY_TABLE, second(table(8, 20, 0)).kind());
  }

  @ParameterizedTest
  @CsvSource({
    "IMAGE, IMAGE",
    "IUEIMAGE, IMAGE",
    "BINTABLE, BINARY_TABLE",
    "A3DTABLE, BINARY_TABLE",
    "TABLE, ASCII_TABLE",
    "FOREIGN, OTHER"
  })
  void next_extension_isOfItsKind(String extension, HduKind kind) {
    String[] cards = extension(8, 2, 3);
    cards[0] = "XTENSION= '%-8s'".formatted(extension);
    assertEquals(kind, second(cards).kind());
  }

  @Test
  void next_noName_hasDefaults() {
    Hdu hdu = second(extension(8));
    assertEquals("", hdu.name());
    assertEquals(1, hdu.version());
    assertEquals(1, hdu.scale());
    assertEquals(0, hdu.zero());
    assertNull(hdu.blank());
  }

  @Test
  void next_nameWithQuotesAndBlanks_isItsText() {
    assertEquals("it's  ok", second(with(extension(8), "EXTNAME = 'it''s  ok  '  / x")).name());
  }

  @ParameterizedTest
  @CsvSource({"3, 3", "-7, -7", "2147483648, 1", "1.5, 1", "'''2''', 1"})
  void next_extver_isIntOrDefault(String value, int expected) {
    assertEquals(expected, second(with(extension(8), card("EXTVER", value))).version());
  }

  @Test
  void next_scaling_isThatOfCards() {
    Hdu hdu =
        only(
            with(
                primary(16),
                card("BSCALE", "1.5D-3"),
                card("BZERO", "32768."),
                card("BLANK", -99)));
    assertEquals(0.0015, hdu.scale());
    assertEquals(32768, hdu.zero());
    assertEquals(-99, hdu.blank());
  }

  @Test
  void next_scalingIsNoNumber_isNaN() {
    Hdu hdu = only(with(primary(16), "BSCALE  = 'text'", "BZERO   =", "BLANK   = 'text'"));
    assertEquals(Double.NaN, hdu.scale());
    assertEquals(Double.NaN, hdu.zero());
    assertNull(hdu.blank());
  }

  @Test
  void next_cardsTwice_theFirstCounts() {
    Hdu hdu =
        all(new FitsBytes()
                .header(
                    with(
                        with(primary(16, 3), "EXTNAME = 'A'", card("BZERO", 1)),
                        with(primary(-64, 9), "EXTNAME = 'B'", card("BZERO", 2))))
                .data(new byte[6]))
            .getFirst();
    assertEquals(16, hdu.bitpix());
    assertArrayEquals(new long[] {3}, hdu.axes());
    assertEquals("A", hdu.name());
    assertEquals(1, hdu.zero());
  }

  @Test
  void next_keywordsThatAreNoCardsOfValues_areIgnored() {
    Hdu hdu =
        only(
            with(
                primary(8),
                "COMMENT   BITPIX  = 99",
                "HISTORY = 'NAXIS'",
                "BZERO     5",
                "HIERARCH BZERO = 5",
                "NAXIS1A =                    5",
                "bzero   =                    5"));
    assertEquals(8, hdu.bitpix());
    assertEquals(0, hdu.zero());
  }

  @Test
  void next_axesOutOfOrder_areSorted() {
    String[] cards = primary(8, 2, 3, 4);
    String first = cards[3];
    cards[3] = cards[5];
    cards[5] = first;
    assertArrayEquals(
        new long[] {2, 3, 4},
        all(new FitsBytes().header(cards).data(new byte[24])).getFirst().axes());
  }

  @Test
  void next_999Axes_areRead() {
    long[] axes = new long[999];
    Arrays.fill(axes, 1);
    axes[998] = 2;
    Hdu hdu = all(new FitsBytes().header(primary(8, axes)).data(new byte[2])).getFirst();
    assertArrayEquals(axes, hdu.axes());
  }

  @Test
  void next_trailingBytes_areNoHdu() {
    byte[] junk = "this is no header ".repeat(500).getBytes(ISO_8859_1);
    assertEquals(1, all(new FitsBytes().header(primary(8)).append(junk)).size());
    assertEquals(1, all(new FitsBytes().header(primary(8)).append(new byte[5])).size());
    assertEquals(1, all(new FitsBytes().header(primary(8)).append(new byte[2880])).size());
  }

  @Test
  void next_dataWithoutPadding_isLastHdu() {
    List<Hdu> hdus = all(new FitsBytes().header(primary(8, 10)).append(new byte[10]));
    assertEquals(10, hdus.getFirst().dataBytes());
    assertEquals(1, hdus.size());
  }

  @Test
  void next_dataCutShort_isListedAsDescribed() {
    List<Hdu> hdus = all(new FitsBytes().header(primary(16, 1000)).append(new byte[10]));
    assertEquals(2000, hdus.getFirst().dataBytes());
    assertEquals(1, hdus.size());
  }

  @Test
  void next_dataBeyondTwoGigabytes_isFoundWithoutReadingIt() {
    long data = 50_000L * 50_000 * 4;
    byte[] first = new FitsBytes().header(primary(-32, 50_000, 50_000)).toBytes();
    byte[] last = new FitsBytes().header(extension(8, 3)).data(new byte[3]).toBytes();
    long offset = 2880 + (data + 2879) / 2880 * 2880;
    MemorySource source = MemorySource.sparse(offset + last.length).put(0, first).put(offset, last);
    Hdu hdu = all(source).get(1);
    assertEquals(offset, hdu.headerOffset());
    assertEquals(offset + 2880, hdu.dataOffset());
  }

  @Test
  void next_headerLargerThanWindow_isRead() {
    String[] comments =
        IntStream.range(0, 3000).mapToObj(i -> "COMMENT " + i).toArray(String[]::new);
    String[] cards = with(with(primary(8), comments), "EXTNAME = 'BEHIND'", card("BZERO", -128));
    Hdu hdu = only(cards);
    assertEquals("BEHIND", hdu.name());
    assertEquals(-128, hdu.zero());
    assertEquals((cards.length + 1) * 80L, hdu.headerBytes());
    assertEquals(84 * 2880, hdu.dataOffset());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 31, 32, 33, 400, 410, 5000})
  void headerText_anySize_isWhatTheFileHas(int comments) {
    String[] cards =
        with(
            extension(8),
            IntStream.range(0, comments)
                .mapToObj(i -> "COMMENT \u00e9 " + i)
                .toArray(String[]::new));
    byte[] file = new FitsBytes().header(primary(8)).header(cards).toBytes();
    String expected = new String(file, 2880, (cards.length + 1) * 80, ISO_8859_1);
    try (HduReader reader = new HduReader(MemorySource.of(file))) {
      assertEquals(expected, reader.headerText(reader.find(new HduSelector(1, null, 0))));
    }
  }

  @Test
  void headerText_earlierHdu_isReadAgain() {
    byte[] file =
        new FitsBytes()
            .header(with(primary(8, 100_000), "COMMENT one"))
            .data(new byte[100_000])
            .header(extension(8))
            .toBytes();
    try (HduReader reader = new HduReader(MemorySource.of(file))) {
      Hdu first = reader.find(new HduSelector(0, null, 0));
      assertNotNull(reader.next());
      assertEquals(new String(file, 0, 6 * 80, ISO_8859_1), reader.headerText(first));
    }
  }

  @Test
  void buffered_smallFile_isItsData() {
    byte[] file = new FitsBytes().header(primary(8, 4)).data(new byte[] {1, 2, 3, 4}).toBytes();
    try (HduReader reader = new HduReader(MemorySource.of(file))) {
      Hdu hdu = reader.find(new HduSelector(0, null, 0));
      MemorySegment data = reader.buffered(hdu.dataOffset(), hdu.dataBytes());
      assertNotNull(data);
      assertArrayEquals(new byte[] {1, 2, 3, 4}, data.toArray(ValueLayout.JAVA_BYTE));
    }
  }

  @Test
  void next_sourceThatGivesLittleAtOnce_findsTheSame() {
    FitsBytes file = new FitsBytes().header(primary(8, 100)).data(new byte[100]);
    for (int i = 0; i < 40; i++) {
      file.header(extension(16, 10 + i)).data(new byte[20 + 2 * i]);
    }
    MemorySource all = MemorySource.of(file.toBytes());
    ByteSource little = new LittleSource(all);
    try (HduReader expected = new HduReader(all);
        HduReader reader = new HduReader(little)) {
      for (int i = 0; i < 41; i++) {
        Hdu hdu = expected.find(new HduSelector(i, null, 0));
        Hdu found = reader.find(new HduSelector(i, null, 0));
        assertEquals(hdu.dataOffset(), found.dataOffset());
        assertArrayEquals(hdu.axes(), found.axes());
        assertEquals(expected.headerText(hdu), reader.headerText(found));
      }
      assertNull(reader.next());
    }
  }

  /** Brings no byte that is not asked for. */
  private record LittleSource(ByteSource source) implements ByteSource {
    @Override
    public String name() {
      return source.name();
    }

    @Override
    public long size() {
      return source.size();
    }

    @Override
    public long read(long offset, MemorySegment into) {
      return source.read(offset, into);
    }

    @Override
    public long read(long offset, MemorySegment into, long least) {
      return source.read(offset, into.asSlice(0, least));
    }

    @Override
    public void close() {}
  }

  @Test
  void buffered_notInMemory_isNull() {
    byte[] file = new FitsBytes().header(primary(8, 100_000)).data(new byte[100_000]).toBytes();
    try (HduReader reader = new HduReader(MemorySource.of(file))) {
      Hdu hdu = reader.find(new HduSelector(0, null, 0));
      assertNull(reader.buffered(hdu.dataOffset(), hdu.dataBytes()));
      assertNull(reader.buffered(file.length, 1));
    }
  }

  @Test
  void close_reader_closesSourceOnce() {
    MemorySource source = MemorySource.of(new FitsBytes().header(primary(8)).toBytes());
    new HduReader(source).close();
    assertEquals(1, source.closings());
  }

  @Test
  void next_emptyFile_isNotFits() {
    assertFailure(
        ErrorKind.NOT_FITS, "memory.fits: the file is empty", MemorySource.of(new byte[0]));
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "SIMPLE", "<html>", "XTENSION= 'IMAGE'", "simple  = T"})
  void next_otherFile_isNotFits(String text) {
    assertFailure(
        ErrorKind.NOT_FITS,
        "memory.fits: not a FITS file (it does not begin with the keyword SIMPLE)",
        MemorySource.of(text.getBytes(ISO_8859_1)));
  }

  @ParameterizedTest
  @ValueSource(ints = {80, 2879, 2880, 32768, 40000})
  void next_fileEndsInHeader_isTruncated(int size) {
    byte[] file = new byte[size];
    Arrays.fill(file, (byte) ' ');
    byte[] cards = new FitsBytes().header(primary(8)).toBytes();
    System.arraycopy(cards, 0, file, 0, Math.min(3 * 80, size));
    assertFailure(
        ErrorKind.TRUNCATED,
        "memory.fits[0]: the file ends before the header does, whose END card is missing",
        MemorySource.of(file));
  }

  @Test
  void next_secondHeaderWithoutEnd_isTruncated() {
    byte[] card = "%-2880s".formatted("XTENSION= 'IMAGE   '").getBytes(ISO_8859_1);
    assertFailure(
        ErrorKind.TRUNCATED,
        "memory.fits[1]: the file ends before the header does, whose END card is missing",
        MemorySource.of(new FitsBytes().header(primary(8)).append(card).toBytes()));
  }

  @Test
  void next_noEndInHugeFile_isGivenUp() {
    byte[] cards = Arrays.copyOf(new FitsBytes().header(primary(8)).toBytes(), 3 * 80);
    assertFailure(
        ErrorKind.BAD_HEADER,
        "memory.fits[0]: the header has no END card within 67108864 bytes",
        MemorySource.sparse(1L << 40).put(0, cards));
  }

  @Test
  void next_bytesThatAreNoText_areReadPast() {
    byte[] file = new FitsBytes().header(with(primary(8), "?", "EXTNAME = 'X'")).toBytes();
    Arrays.fill(file, 3 * 80, 4 * 80, (byte) 0xFF);
    file[3 * 80 + 5] = 0;
    assertEquals("X", all(MemorySource.of(file)).getFirst().name());
  }

  @ParameterizedTest
  @ValueSource(strings = {"12", "-8", "0", "-65", "128"})
  void next_bitpixUnknown_isBadHeader(String bitpix) {
    FitsException failure =
        assertThrows(
            FitsException.class,
            () -> only(card("SIMPLE", "T"), card("BITPIX", bitpix), card("NAXIS", 0)));
    assertEquals(ErrorKind.BAD_HEADER, failure.kind());
    assertTrue(String.valueOf(failure.getMessage()).contains("BITPIX = " + bitpix));
  }

  @Test
  void next_keywordMissing_isBadHeader() {
    assertBadHeader("BITPIX is missing", card("SIMPLE", "T"), card("NAXIS", 0));
    assertBadHeader("NAXIS is missing", card("SIMPLE", "T"), card("BITPIX", 8));
    assertBadHeader(
        "NAXIS2 is missing",
        card("SIMPLE", "T"),
        card("BITPIX", 8),
        card("NAXIS", 2),
        card("NAXIS1", 1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "1000", "1.5", "T", "'2'", "99999999999999999999"})
  void next_naxisInvalid_isBadHeader(String naxis) {
    assertBadHeader(
        "NAXIS = " + naxis + " is not a valid value",
        card("SIMPLE", "T"),
        card("BITPIX", 8),
        card("NAXIS", naxis));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "1.5", "T", "9223372036854775808"})
  void next_lengthInvalid_isBadHeader(String length) {
    assertBadHeader(
        "NAXIS1 = " + length + " is not a valid value",
        card("SIMPLE", "T"),
        card("BITPIX", 8),
        card("NAXIS", 1),
        card("NAXIS1", length));
  }

  @Test
  void next_countInvalid_isBadHeader() {
    assertBadHeader("PCOUNT = -5 is not a valid value", with(primary(8, 1), card("PCOUNT", -5)));
    assertBadHeader("GCOUNT = x is not a valid value", with(primary(8, 1), card("GCOUNT", "x")));
  }

  @ParameterizedTest
  @CsvSource({
    "8, 9223372036854775807, 1",
    "64, 1152921504606846976, 1",
    "64, 1152921504606846975, 1",
    "-32, 4294967296, 4294967296",
    "16, 3037000500, 3037000500"
  })
  void next_lengthsOverflow_isBadHeader(int bitpix, long columns, long rows) {
    assertBadHeader(
        "NAXISn, PCOUNT and GCOUNT describe more bytes than a file can hold",
        primary(bitpix, columns, rows));
  }

  @Test
  void next_countsOverflow_isBadHeader() {
    assertBadHeader(
        "NAXISn, PCOUNT and GCOUNT describe more bytes than a file can hold",
        with(primary(8, 10), card("PCOUNT", Long.MAX_VALUE)));
    assertBadHeader(
        "NAXISn, PCOUNT and GCOUNT describe more bytes than a file can hold",
        with(primary(8, 10), card("GCOUNT", Long.MAX_VALUE)));
  }

  @Test
  void next_compressedImageWithoutAxes_isBadHeader() {
    FitsBytes file =
        new FitsBytes()
            .header(primary(8))
            .header(with(table(8, 1, 0), card("ZIMAGE", "T"), card("ZBITPIX", 8)));
    assertFailure(
        ErrorKind.BAD_HEADER, "memory.fits[1]: ZNAXIS is missing", MemorySource.of(file.toBytes()));
  }

  @Test
  void next_badHeaderBehindGoodOnes_stopsThere() {
    FitsBytes file = new FitsBytes().header(primary(8)).header(extension(9));
    try (HduReader reader = new HduReader(MemorySource.of(file.toBytes()))) {
      assertNotNull(reader.next());
      FitsException failure = assertThrows(FitsException.class, reader::next);
      assertEquals(
          "memory.fits[1]: BITPIX = 9 is not one of 8, 16, 32, 64, -32, -64", failure.getMessage());
    }
  }
}
