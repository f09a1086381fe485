package org.torchfits.dlpack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ElementTypeTest {
  @ParameterizedTest
  @EnumSource
  void of_codeBitsLanesOfType_isType(ElementType type) {
    assertSame(type, ElementType.of(type.code, type.bits, type.lanes));
  }

  /** Codes of {@code DLDataTypeCode} in dlpack.h. */
  @ParameterizedTest
  @CsvSource({
    "INT8, 0, 8, 1, 1",
    "INT16, 0, 16, 1, 2",
    "INT32, 0, 32, 1, 4",
    "INT64, 0, 64, 1, 8",
    "UINT8, 1, 8, 1, 1",
    "UINT16, 1, 16, 1, 2",
    "UINT32, 1, 32, 1, 4",
    "UINT64, 1, 64, 1, 8",
    "FLOAT16, 2, 16, 1, 2",
    "FLOAT32, 2, 32, 1, 4",
    "FLOAT64, 2, 64, 1, 8",
    "BFLOAT16, 4, 16, 1, 2",
    "COMPLEX32, 5, 32, 1, 4",
    "COMPLEX64, 5, 64, 1, 8",
    "COMPLEX128, 5, 128, 1, 16",
    "BOOL, 6, 8, 1, 1",
    "FLOAT8_E4M3FN, 10, 8, 1, 1",
    "FLOAT8_E4M3FNUZ, 11, 8, 1, 1",
    "FLOAT8_E5M2, 12, 8, 1, 1",
    "FLOAT8_E5M2FNUZ, 13, 8, 1, 1",
    "FLOAT8_E8M0FNU, 14, 8, 1, 1",
    "FLOAT4_E2M1FN_X2, 17, 4, 2, 1",
  })
  void constant_anyType_isThatOfDlpackH(
      ElementType type, int code, int bits, int lanes, int bytes) {
    assertEquals(
        List.of(code, bits, lanes, bytes),
        List.of((int) type.code, type.bits & 0xFF, (int) type.lanes, type.bytes()));
  }

  @Test
  void of_allTypes_areTold() {
    assertEquals(22, Arrays.stream(ElementType.values()).distinct().count());
  }

  @ParameterizedTest
  @CsvSource({"0, 24, 1", "3, 64, 1", "2, 32, 4", "2, 32, 0", "17, 4, 1", "-1, 8, 1", "6, 1, 1"})
  void of_unknown_isRefused(byte code, byte bits, short lanes) {
    IllegalArgumentException refusal =
        assertThrows(IllegalArgumentException.class, () -> ElementType.of(code, bits, lanes));
    assertEquals(
        "DLPack type code "
            + code
            + ", bits "
            + bits
            + ", lanes "
            + lanes
            + " is not one of torch's",
        refusal.getMessage());
  }
}
