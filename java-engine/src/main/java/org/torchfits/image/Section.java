package org.torchfits.image;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/**
 * A box of an image, or every step-th pixel of it, in C order (slowest axis first), in pixels from
 * 0: pixel i of an axis of the result is pixel {@code start + i * step} of the image.
 *
 * @param start of each axis of the image
 * @param step of each axis of the image, not 0; negative where the axis is flipped; 1 where {@code
 *     count} is 0 or 1
 * @param count of each axis of the image; 1 on the axes that an index took away
 * @param shape of the result: {@code count} without those axes
 */
public record Section(long[] start, long[] step, long[] count, long[] shape) {
  private static final Pattern INDEX = Pattern.compile("-?\\d+");
  private static final Pattern SLICE = Pattern.compile("(-?\\d+)?:(-?\\d+)?(?::(-?\\d+))?");
  private static final Pattern RANGE = Pattern.compile("(\\d+)\\.\\.(\\d+)(?::(\\d+))?");
  private static final String ALL = ":";
  private static final int MAX_DIGITS = 18;

  /** The whole of an image of that shape. */
  public static Section whole(long[] shape) {
    return box(new long[shape.length], shape);
  }

  /** All pixels of a box. */
  static Section box(long[] start, long[] count) {
    long[] step = new long[count.length];
    Arrays.fill(step, 1);
    return new Section(start, step, count, count);
  }

  /**
   * The section that an expression means: items separated by commas, one for each axis; axes that
   * are not told are whole. An item is
   *
   * <ul>
   *   <li>an index or {@code start:stop:step}, as numpy has them;
   *   <li>{@code x1..x2:step} as CFITSIO has it: pixels from 1, both ends in, backwards if x1 > x2,
   *       an error if one of them lies outside;
   *   <li>{@code ...} for as many whole axes as the other items leave.
   * </ul>
   *
   * @param shape of the image, C order
   * @param place file and HDU, for messages
   */
  public static Section parse(String expression, long[] shape, String place) {
    return new Parser(expression, shape, place).parse();
  }

  /** Whether these are all pixels of an image of that shape, in their order. */
  boolean isWhole(long[] shape) {
    return Arrays.equals(count, shape) && Arrays.stream(step).allMatch(distance -> distance == 1);
  }

  /**
   * A part of what this one gives.
   *
   * @param from first pixel on each axis of the result
   * @param length of the part on each axis of the result, which it does not leave
   */
  Section part(long[] from, long[] length) {
    long[] partStart = start.clone();
    long[] partStep = step.clone();
    long[] partCount = count.clone();
    int axis = count.length;
    for (int kept = shape.length - 1; kept >= 0; kept--) {
      do {
        axis--;
      } while (count[axis] != shape[kept]); // an index took it away
      partStart[axis] += from[kept] * step[axis];
      partStep[axis] = length[kept] > 1 ? step[axis] : 1;
      partCount[axis] = length[kept];
    }
    return new Section(partStart, partStep, partCount, length);
  }

  /** Number of pixels. */
  public long pixels() {
    long pixels = 1;
    for (long length : count) {
      pixels *= length;
    }
    return pixels;
  }

  /** One parse: where it is, and what it found so far. */
  private static final class Parser {
    private final String expression;
    private final long[] shape;
    private final String place;
    private final long[] start;
    private final long[] step;
    private final long[] count;
    private final List<Long> kept = new ArrayList<>();

    Parser(String expression, long[] shape, String place) {
      this.expression = expression;
      this.shape = shape;
      this.place = place;
      this.start = new long[shape.length];
      this.step = new long[shape.length];
      this.count = new long[shape.length];
    }

    Section parse() {
      List<String> items = itemPerAxis();
      for (int axis = 0; axis < shape.length; axis++) {
        parseItem(items.get(axis), axis);
      }
      return new Section(start, step, count, kept.stream().mapToLong(Long::longValue).toArray());
    }

    private List<String> itemPerAxis() {
      List<String> items = new ArrayList<>(List.of(expression.split(",", -1)));
      int ellipsis = items.indexOf("...");
      int missingFrom = ellipsis < 0 ? items.size() : ellipsis;
      if (ellipsis >= 0) {
        items.remove(ellipsis);
      }
      if (items.size() > shape.length) {
        throw bad(items.size() + " indices for an image of " + shape.length + " axes");
      }
      while (items.size() < shape.length) {
        items.add(missingFrom, ALL);
      }
      return items;
    }

    private void parseItem(String item, int axis) {
      Matcher slice = SLICE.matcher(item);
      Matcher range = RANGE.matcher(item);
      if (slice.matches()) {
        parseSlice(slice, axis);
      } else if (range.matches()) {
        parseRange(range, axis);
      } else if (INDEX.matcher(item).matches()) {
        parseIndex(item, axis);
      } else {
        throw bad("'" + item + "' is neither an index nor a slice");
      }
    }

    private void parseIndex(String item, int axis) {
      long position = position(item, shape[axis]);
      if (position < 0 || position >= shape[axis]) {
        throw bad("index " + item + " is outside axis " + axis + " of length " + shape[axis]);
      }
      set(axis, position, 1, 1);
    }

    /** As Python's {@code slice.indices} has it. */
    private void parseSlice(Matcher slice, int axis) {
      long distance = step(slice.group(3));
      long lowest = distance > 0 ? 0 : -1;
      long highest = shape[axis] + lowest;
      long from = bound(slice.group(1), distance > 0 ? lowest : highest, shape[axis]);
      long to = bound(slice.group(2), distance > 0 ? highest : lowest, shape[axis]);
      from = Math.clamp(from, lowest, highest);
      to = Math.clamp(to, lowest, highest);
      keep(axis, from, distance, distance > 0 ? to - from : from - to);
    }

    private void parseRange(Matcher range, int axis) {
      long from = number(range.group(1)) - 1;
      long to = number(range.group(2)) - 1;
      long distance = step(range.group(3));
      if (Math.min(from, to) < 0 || Math.max(from, to) >= shape[axis]) {
        String pixels = "pixels " + range.group(1) + " to " + range.group(2);
        throw bad(pixels + ", from 1, leave axis " + axis + " of length " + shape[axis]);
      }
      keep(axis, from, from <= to ? distance : -distance, Math.abs(to - from) + 1);
    }

    private long step(@Nullable String text) {
      long distance = text == null ? 1 : number(text);
      if (distance == 0) {
        throw bad("a slice's step cannot be 0");
      }
      return distance;
    }

    /** Sets an axis of the result that has every step-th of {@code extent} pixels. */
    private void keep(int axis, long from, long distance, long extent) {
      long pixels = extent <= 0 ? 0 : (extent - 1) / Math.abs(distance) + 1;
      set(axis, Math.max(from, 0), pixels > 1 ? distance : 1, pixels);
      kept.add(pixels);
    }

    private void set(int axis, long from, long distance, long pixels) {
      start[axis] = from;
      step[axis] = distance;
      count[axis] = pixels;
    }

    private static long bound(@Nullable String text, long absent, long length) {
      return text == null ? absent : position(text, length);
    }

    /** A negative number counts from the end. */
    private static long position(String text, long length) {
      long number = number(text);
      return number < 0 ? number + length : number;
    }

    /** One of more digits than any axis has is beyond all. */
    private static long number(String text) {
      boolean negative = text.startsWith("-");
      if (text.length() - (negative ? 1 : 0) > MAX_DIGITS) {
        return negative ? -Long.MAX_VALUE : Long.MAX_VALUE;
      }
      return Long.parseLong(text);
    }

    private FitsException bad(String reason) {
      return new FitsException(
          ErrorKind.BAD_SECTION, place + ": section [" + expression + "]: " + reason);
    }
  }
}
