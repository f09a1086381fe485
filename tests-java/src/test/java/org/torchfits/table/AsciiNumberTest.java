package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AsciiNumberTest {
  private static double real(String text, int decimals) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocateFrom(JAVA_BYTE, text.getBytes(ISO_8859_1));
      return AsciiNumber.real(bytes, 0, text.length(), decimals);
    }
  }

  private static long integer(String text) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocateFrom(JAVA_BYTE, text.getBytes(ISO_8859_1));
      return AsciiNumber.integer(bytes, 0, text.length());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "' 1.5 ',0,1.5",
    "-2.,0,-2",
    ".5,0,0.5",
    "12,1,1.2",
    "1.2,1,1.2",
    "1E3,0,1000",
    "1d3,0,1000",
    "1D-3,0,0.001",
    "1.5+2,0,150",
    "1.5-2,0,0.015",
    "1E400,0,Infinity",
    "1E-400,0,0",
    "-0.0,0,-0.0",
    "'      ',3,NaN",
    "12345678901234567890123,0,12345678901234567890123",
    "9007199254740993,0,9007199254740993",
    "1E99999999999999999999,0,Infinity",
    "0.000000000000000000000001,0,1E-24",
  })
  void real_validText_isItsNumber(String text, int decimals, double expected) {
    assertEquals(expected, real(text, decimals));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"x", ".", "+", "1E", "1E+", "1.2.3", "1 2", "--1", "0x1", "NaN", "1E5.", "e5"})
  void real_nonsense_isRefused(String text) {
    assertThrows(NumberFormatException.class, () -> real(text, 0));
  }

  @Test
  void real_anyDouble_isTheNearestOne() {
    Random random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      double value = Double.longBitsToDouble(random.nextLong());
      if (Double.isFinite(value)) {
        assertEquals(value, real(Double.toString(value), 0));
      }
      String decimal =
          "%d.%06dE%d"
              .formatted(random.nextInt(), random.nextInt(1_000_000), random.nextInt(40) - 20);
      assertEquals(Double.parseDouble(decimal), real(decimal, 3));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "' 12',12",
    "-5,-5",
    "+7 ,7",
    "'   ',0",
    "9223372036854775807,9223372036854775807",
    "-9223372036854775808,-9223372036854775808",
    "00000000000000000000001,1",
  })
  void integer_validText_isItsNumber(String text, long expected) {
    assertEquals(expected, integer(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.0", "1E2", "9223372036854775808", "-", "1-", "a"})
  void integer_nonsense_isRefused(String text) {
    assertThrows(NumberFormatException.class, () -> integer(text));
  }
}
