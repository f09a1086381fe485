package org.torchfits.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

class SectionTest {
  private static final long[] SHAPE = {5, 10, 20};

  private static Section parse(String expression) {
    return Section.parse(expression, SHAPE, "file.fits[2]");
  }

  private static long[] numbers(String blanks) {
    return Stream.of(blanks.split(" ", -1))
        .filter(text -> !text.isEmpty())
        .mapToLong(Long::parseLong)
        .toArray();
  }

  @Test
  void whole_shape_isAllOfIt() {
    Section section = Section.whole(SHAPE);
    assertArrayEquals(new long[3], section.start());
    assertArrayEquals(new long[] {1, 1, 1}, section.step());
    assertArrayEquals(SHAPE, section.count());
    assertArrayEquals(SHAPE, section.shape());
    assertEquals(1000, section.pixels());
  }

  /** Of a section with a step, flipped, with an index: first pixel and step in the image. */
  @Test
  void part_ofASection_isOfItsResult() {
    Section section = parse("2,8:0:-3,:15:2");
    assertArrayEquals(new long[] {3, 8}, section.shape());
    Section part = section.part(new long[] {1, 2}, new long[] {2, 5});
    assertArrayEquals(new long[] {2, 5, 4}, part.start());
    assertArrayEquals(new long[] {1, -3, 2}, part.step());
    assertArrayEquals(new long[] {1, 2, 5}, part.count());
    assertArrayEquals(new long[] {2, 5}, part.shape());
    Section pixel = section.part(new long[] {2, 7}, new long[] {1, 1});
    assertArrayEquals(new long[] {2, 2, 14}, pixel.start());
    assertArrayEquals(new long[] {1, 1, 1}, pixel.step());
  }

  @Test
  void part_ofAxesOfOnePixel_keepsTheOthers() {
    Section kept = parse("0,4:5,3");
    assertArrayEquals(new long[] {1}, kept.shape());
    Section part = kept.part(new long[] {0}, new long[] {1});
    assertArrayEquals(new long[] {0, 4, 3}, part.start());
    Section row = parse("1:2,:,7").part(new long[] {0, 6}, new long[] {1, 3});
    assertArrayEquals(new long[] {1, 6, 7}, row.start());
    assertArrayEquals(new long[] {1, 3, 1}, row.count());
  }

  /** Start, count and shape as numpy has them. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "...           | 0 0 0  | 5 10 20 | 5 10 20",
        ":             | 0 0 0  | 5 10 20 | 5 10 20",
        "2             | 2 0 0  | 1 10 20 | 10 20",
        "-1            | 4 0 0  | 1 10 20 | 10 20",
        "1:3           | 1 0 0  | 2 10 20 | 2 10 20",
        "1:3,4:9,5:6   | 1 4 5  | 2 5 1   | 2 5 1",
        "0,0,0         | 0 0 0  | 1 1 1   | ''",
        "...,3         | 0 0 3  | 5 10 1  | 5 10",
        "1,...,3       | 1 0 3  | 1 10 1  | 10",
        "1,2,3,...     | 1 2 3  | 1 1 1   | ''",
        "1,...,2,3     | 1 2 3  | 1 1 1   | ''",
        ":,-3:         | 0 7 0  | 5 3 20  | 5 3 20",
        ":,:-3         | 0 0 0  | 5 7 20  | 5 7 20",
        ":,-3:-1       | 0 7 0  | 5 2 20  | 5 2 20",
        "0:100         | 0 0 0  | 5 10 20 | 5 10 20",
        "-100:2        | 0 0 0  | 2 10 20 | 2 10 20",
        "3:3           | 3 0 0  | 0 10 20 | 0 10 20",
        "4:2           | 4 0 0  | 0 10 20 | 0 10 20",
        "7:9           | 5 0 0  | 0 10 20 | 0 10 20",
        "-9:-8         | 0 0 0  | 0 10 20 | 0 10 20",
        "1..5          | 0 0 0  | 5 10 20 | 5 10 20",
        "2..2,8..10    | 1 7 0  | 1 3 20  | 1 3 20",
        "99999999999999999999999: | 5 0 0 | 0 10 20 | 0 10 20",
        "-99999999999999999999999:2 | 0 0 0 | 2 10 20 | 2 10 20"
      })
  void parse_expression_isNumpysBox(String expression, String start, String count, String shape) {
    Section section = parse(expression);
    assertArrayEquals(numbers(start), section.start());
    assertArrayEquals(numbers(count), section.count());
    assertArrayEquals(numbers(shape), section.shape());
  }

  /** Start, step and count on the last axis, of 20 pixels. */
  @ParameterizedTest
  @CsvSource({
    "::2, 0, 2, 10",
    "1::2, 1, 2, 10",
    "::19, 0, 19, 2",
    "::20, 0, 1, 1",
    "5:15:3, 5, 3, 4",
    "5:6:3, 5, 1, 1",
    "9:5:3, 9, 1, 0",
    "-4::2, 16, 2, 2",
    "::99999999999999999999, 0, 1, 1",
    "::-1, 19, -1, 20",
    "::-6, 19, -6, 4",
    "10:2:-3, 10, -3, 3",
    "99:-99:-19, 19, -19, 2",
    "2:10:-1, 2, 1, 0",
    ":0:-1, 19, -1, 19",
    "-1:-2:-1, 19, 1, 1",
    "-99::-1, 0, 1, 0",
    "1..20, 0, 1, 20",
    "20..1, 19, -1, 20",
    "1..20:3, 0, 3, 7",
    "20..1:3, 19, -3, 7",
    "7..7:3, 6, 1, 1",
    "7..6:3, 6, 1, 1",
    "20..1:99999999999999999999, 19, 1, 1"
  })
  void parse_steps_areThoseOfNumpyAndCfitsio(String item, long start, long step, long count) {
    Section section = parse("...," + item);
    assertEquals(start, section.start()[2]);
    assertEquals(step, section.step()[2]);
    assertEquals(count, section.count()[2]);
    assertEquals(count, section.shape()[2]);
    assertArrayEquals(new long[] {1, 1, step}, section.step());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"... | true", "0:5,::1 | true", "::-1 | false", "1: | false"})
  void isWhole_section_needsAllPixelsInOrder(String expression, boolean whole) {
    assertEquals(whole, parse(expression).isWhole(SHAPE));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "5             | index 5 is outside axis 0 of length 5",
        "-6            | index -6 is outside axis 0 of length 5",
        "0,10          | index 10 is outside axis 1 of length 10",
        "99999999999999999999 | index 99999999999999999999 is outside axis 0 of length 5",
        "1,2,3,4       | 4 indices for an image of 3 axes",
        "1,2,3,4,...   | 4 indices for an image of 3 axes",
        "1..6          | pixels 1 to 6, from 1, leave axis 0 of length 5",
        "6..1          | pixels 6 to 1, from 1, leave axis 0 of length 5",
        "0..3          | pixels 0 to 3, from 1, leave axis 0 of length 5",
        "1..99999999999999999999 | pixels 1 to 99999999999999999999, from 1, leave axis 0 of length 5",
        "1..2:0        | a slice's step cannot be 0",
        "::0           | a slice's step cannot be 0",
        "1..2:-1       | '1..2:-1' is neither an index nor a slice",
        "a             | 'a' is neither an index nor a slice",
        "1.5           | '1.5' is neither an index nor a slice",
        "1:2:3:4       | '1:2:3:4' is neither an index nor a slice",
        "+1            | '+1' is neither an index nor a slice",
        "...,...       | '...' is neither an index nor a slice",
        "1,,2          | '' is neither an index nor a slice",
        "\"\"            | '' is neither an index nor a slice"
      })
  void parse_notInImage_isRefused(String expression, String reason) {
    FitsException failure = assertThrows(FitsException.class, () -> parse(expression));
    assertEquals(ErrorKind.BAD_SECTION, failure.kind());
    assertEquals("file.fits[2]: section [" + expression + "]: " + reason, failure.getMessage());
  }

  @Test
  void parse_axisOfNoLength_hasNoPixels() {
    Section section = Section.parse("...", new long[] {3, 0}, "file");
    assertEquals(0, section.pixels());
    assertEquals("[3, 0]", Arrays.toString(section.shape()));
  }
}
