package org.torchfits.table;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RowsTest {
  /** Expected rows are those that Python gives for {@code range(10)[slice]}. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "::;0 1 2 3 4 5 6 7 8 9", "2:5:;2 3 4", "-3::;7 8 9", ":-8:;0 1", "1:9:3;1 4 7",
            "::-4;9 5 1",
        "5:1:-2;5 3", "20::-5;9 4", ":-20:-5;9 4", "-20:3:;0 1 2", "7:3:;''", "3:7:-1;''",
        "::9223372036854775807;0", "::-9223372036854775808;9", "10::;''", "9:100:;9",
      })
  void slice_any_isPythons(String slice, String expected) {
    Rows rows = Rows.slice(slice, 10);
    String found =
        LongStream.range(0, rows.count())
            .map(rows::row)
            .mapToObj(Long::toString)
            .collect(Collectors.joining(" "));
    assertEquals(expected, found);
  }

  @ParameterizedTest
  @CsvSource({"'::', 0, 0", "'::-1', 10, 10", "'3:5:', 10, 5", "'5:5:', 10, 0"})
  void end_any_isBehindTheLargest(String slice, long tableRows, long end) {
    assertEquals(end, Rows.slice(slice, tableRows).end());
  }
}
