package org.torchfits.batch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.torchfits.dlpack.ElementType;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

class FillTest {
  @ParameterizedTest
  @CsvSource({
    "UINT8, 255, 255",
    "UINT8, 0.0, 0",
    "INT8, -128, -128",
    "INT16, -32768, -32768",
    "UINT16, 65535, 65535",
    "INT32, 2.0e9, 2000000000",
    "UINT32, 4294967295, 4294967295",
    "INT64, -9223372036854775808, -9223372036854775808",
    "UINT64, 18446744073709551615, -1",
    "FLOAT32, 1, 1065353216",
    "FLOAT32, NaN, 2143289344",
    "FLOAT64, -Infinity, -4503599627370496",
    "FLOAT64, 1e300, 9094988921128908188",
    "FLOAT16, 1, 15360",
    "FLOAT16, -2, 49152",
    "BFLOAT16, 1, 16256",
    "BFLOAT16, NaN, 32704",
    "BFLOAT16, 1.00390625, 16256",
    "BFLOAT16, 1.01171875, 16258"
  })
  void of_valueOfType_isItsBits(ElementType type, String value, long bits) {
    assertEquals(new Fill(bits, type.bytes()), Fill.of(value, type, "a.fits[0]"));
  }

  @ParameterizedTest
  @CsvSource({
    "UINT8, -1",
    "UINT8, 256",
    "INT8, 128",
    "INT16, 0.5",
    "INT32, NaN",
    "INT64, 9223372036854775808",
    "UINT64, 18446744073709551616",
    "UINT64, -1",
    "INT32, Infinity"
  })
  void of_valueThatTypeLacks_isMismatch(ElementType type, String value) {
    FitsException failure =
        assertThrows(FitsException.class, () -> Fill.of(value, type, "a.fits[0]"));
    assertEquals(ErrorKind.MISMATCH, failure.kind());
  }
}
