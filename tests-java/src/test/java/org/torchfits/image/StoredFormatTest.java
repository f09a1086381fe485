package org.torchfits.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.dlpack.ElementType;
import org.torchfits.header.Hdu;

class StoredFormatTest {
  @ParameterizedTest
  @CsvSource({"8, UINT8", "16, INT16", "32, INT32", "64, INT64", "-32, FLOAT32", "-64, FLOAT64"})
  void exact_noScaling_isStoredType(int bitpix, ElementType type) {
    StoredFormat format = StoredFormat.exact(Hdus.scaled(bitpix, 1, 0, null), true);
    assertEquals(new StoredFormat(bitpix, type, 1, 0, null), format);
    assertTrue(format.isBitwise());
    assertFalse(format.flipsSign());
  }

  /** Table 11 of FITS 4.0. */
  @ParameterizedTest
  @CsvSource({
    "8, -128, INT8",
    "16, 32768, UINT16",
    "32, 2147483648, UINT32",
    "64, 9223372036854775808, UINT64"
  })
  void exact_unsignedConvention_flipsSign(int bitpix, double zero, ElementType type) {
    StoredFormat format = StoredFormat.exact(Hdus.scaled(bitpix, 1, zero, null), true);
    assertEquals(new StoredFormat(bitpix, type, 1, zero, null), format);
    assertTrue(format.flipsSign());
  }

  @ParameterizedTest
  @CsvSource({
    "8, 2, 0, FLOAT32",
    "8, 1, 1, FLOAT32",
    "8, 1, 128, FLOAT32",
    "16, 1, 32767, FLOAT32",
    "16, 2, 32768, FLOAT32",
    "16, 1, -32768, FLOAT32",
    "32, 1, 32768, FLOAT64",
    "32, 0.5, 0, FLOAT64",
    "64, 1, 1, FLOAT64",
    "64, -1, 9223372036854775808, FLOAT64",
    "-32, 2, 0, FLOAT32",
    "-32, 1, 32768, FLOAT32",
    "-64, 1, 5, FLOAT64"
  })
  void exact_otherScaling_isFloatingType(int bitpix, double scale, double zero, ElementType type) {
    StoredFormat format = StoredFormat.exact(Hdus.scaled(bitpix, scale, zero, null), true);
    assertEquals(new StoredFormat(bitpix, type, scale, zero, null), format);
    assertFalse(format.isBitwise());
  }

  @Test
  void exact_scalingWithBlank_keepsBlank() {
    assertEquals(-99, StoredFormat.exact(Hdus.scaled(16, 2, 0, -99L), true).blank());
  }

  @ParameterizedTest
  @ValueSource(ints = {-32, -64})
  void exact_blankOfFloats_isIgnored(int bitpix) {
    assertNull(StoredFormat.exact(Hdus.scaled(bitpix, 2, 0, -99L), true).blank());
  }

  @ParameterizedTest
  @CsvSource({"0", "32768"})
  void exact_integersWithBlank_stayIntegers(double zero) {
    StoredFormat format = StoredFormat.exact(Hdus.scaled(16, 1, zero, -99L), true);
    assertEquals(zero == 0 ? ElementType.INT16 : ElementType.UINT16, format.type());
    assertNull(format.blank());
  }

  @ParameterizedTest
  @CsvSource({"8, UINT8", "16, INT16", "32, INT32", "64, INT64", "-32, FLOAT32", "-64, FLOAT64"})
  void exact_notScaled_isStoredType(int bitpix, ElementType type) {
    StoredFormat format = StoredFormat.exact(Hdus.scaled(bitpix, 2, 32768, -99L), false);
    assertEquals(new StoredFormat(bitpix, type, 1, 0, null), format);
  }

  @ParameterizedTest
  @CsvSource({
    "8, FLOAT32", "16, FLOAT32", "32, FLOAT32", "64, FLOAT32", "-32, FLOAT32", "-64, FLOAT32",
    "8, FLOAT64", "16, FLOAT64", "32, FLOAT64", "64, FLOAT64", "-32, FLOAT64", "-64, FLOAT64"
  })
  void of_anyStoredType_isWhatWasAskedFor(int bitpix, ElementType type) {
    assertEquals(type, StoredFormat.of(Hdus.scaled(bitpix, 1, 0, null), true, type).type());
    assertEquals(type, StoredFormat.of(Hdus.scaled(bitpix, 2, 3, null), true, type).type());
    assertEquals(type, StoredFormat.of(Hdus.scaled(bitpix, 2, 3, null), false, type).type());
  }

  @Test
  void of_thatIsStoredType_isBitwise() {
    assertTrue(
        StoredFormat.of(Hdus.scaled(-32, 1, 0, null), true, ElementType.FLOAT32).isBitwise());
    assertTrue(
        StoredFormat.of(Hdus.scaled(-64, 2, 5, null), false, ElementType.FLOAT64).isBitwise());
  }

  @Test
  void of_unsignedConvention_isScaled() {
    assertEquals(
        new StoredFormat(16, ElementType.FLOAT32, 1, 32768, null),
        StoredFormat.of(Hdus.scaled(16, 1, 32768, null), true, ElementType.FLOAT32));
  }

  @ParameterizedTest
  @CsvSource({"1, 0", "1, 32768", "2, 0"})
  void of_integersWithBlank_haveNaN(double scale, double zero) {
    StoredFormat format =
        StoredFormat.of(Hdus.scaled(16, scale, zero, -99L), true, ElementType.FLOAT32);
    assertEquals(-99, format.blank());
  }

  @Test
  void of_notScaled_hasNoBlank() {
    StoredFormat format = StoredFormat.of(Hdus.scaled(16, 2, 5, -99L), false, ElementType.FLOAT32);
    assertNull(format.blank());
    assertTrue(format.isUnscaled());
  }

  @ParameterizedTest
  @CsvSource({"1, 0, -99", "1, 32768, -99", "2, 0, -99"})
  void of_integerType_keepsBlankWhereExactTypeHasNaN(double scale, double zero, long blank) {
    StoredFormat format =
        StoredFormat.of(Hdus.scaled(16, scale, zero, blank), true, ElementType.INT32);
    assertEquals(scale == 2 ? blank : null, format.blank());
    assertEquals(ElementType.INT32, format.type());
    assertFalse(format.isBitwise());
  }

  /** Of the same width as the stored values, and yet not their bits. */
  @Test
  void of_unsignedTypeOfSignedValues_isNotBitwise() {
    Hdu hdu = Hdus.scaled(16, 1, 0, null);
    assertFalse(StoredFormat.of(hdu, true, ElementType.UINT16).isBitwise());
    assertTrue(StoredFormat.of(hdu, true, ElementType.INT16).isBitwise());
    Hdu unsigned = Hdus.scaled(16, 1, 32768, null);
    assertFalse(StoredFormat.of(unsigned, true, ElementType.INT16).isBitwise());
    assertTrue(StoredFormat.of(unsigned, false, ElementType.INT16).isBitwise());
  }

  @ParameterizedTest
  @CsvSource({
    "16, 1, 0, INT16, INT16",
    "16, 1, 32768, UINT16, UINT16",
    "16, 1, 32768, INT16, INT16",
    "16, 1, 32768, INT64, INT16",
    "16, 2, 0, INT64, FLOAT32",
    "32, 2, 0, INT64, FLOAT64",
    "-32, 1, 0, INT16, FLOAT32",
    "16, 1, 0, FLOAT16, FLOAT32",
    "-64, 1, 0, BFLOAT16, FLOAT32",
    "64, 1, 0, FLOAT64, FLOAT64"
  })
  void typeOfCfitsio_anyFormat_isWhatElementsAreMadeOf(
      int bitpix, double scale, double zero, ElementType type, ElementType delivered) {
    StoredFormat format = StoredFormat.of(Hdus.scaled(bitpix, scale, zero, null), true, type);
    assertEquals(delivered, format.typeOfCfitsio());
  }

  @ParameterizedTest
  @CsvSource({"8, 1", "16, 2", "32, 4", "64, 8", "-32, 4", "-64, 8"})
  void storedBytes_bitpix_isItsSize(int bitpix, int bytes) {
    assertEquals(bytes, StoredFormat.exact(Hdus.scaled(bitpix, 1, 0, null), true).storedBytes());
  }
}
