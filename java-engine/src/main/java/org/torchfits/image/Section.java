package org.torchfits.image;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/**
 * A box of an image, in C order (slowest axis first), in pixels from 0.
 *
 * @param start of each axis of the image
 * @param count of each axis of the image; 1 on the axes that an index took away
 * @param shape of the result: {@code count} without those axes
 */
public record Section(long[] start, long[] count, long[] shape) {
  private static final Pattern INDEX = Pattern.compile("-?\\d+");
  private static final Pattern SLICE = Pattern.compile("(-?\\d+)?:(-?\\d+)?(!?)");
  private static final String ALL = ":";
  private static final int MAX_DIGITS = 18;

  /** The whole of an image of that shape. */
  public static Section whole(long[] shape) {
    return new Section(new long[shape.length], shape, shape);
  }

  /**
   * The box that an expression in numpy's syntax means: items separated by commas, each an index,
   * {@code start:stop} (clipped to the image, or with {@code !} behind it an error if it leaves the
   * image), or {@code ...}; axes that are not told are whole.
   *
   * @param shape of the image, C order
   * @param place file and HDU, for messages
   */
  public static Section parse(String expression, long[] shape, String place) {
    return new Parser(expression, shape, place).parse();
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
    private final long[] count;
    private final List<Long> kept = new ArrayList<>();

    Parser(String expression, long[] shape, String place) {
      this.expression = expression;
      this.shape = shape;
      this.place = place;
      this.start = new long[shape.length];
      this.count = new long[shape.length];
    }

    Section parse() {
      List<String> items = itemPerAxis();
      for (int axis = 0; axis < shape.length; axis++) {
        parseItem(items.get(axis), axis);
      }
      return new Section(start, count, kept.stream().mapToLong(Long::longValue).toArray());
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
      if (slice.matches()) {
        parseSlice(slice, axis);
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
      start[axis] = position;
      count[axis] = 1;
    }

    private void parseSlice(Matcher slice, int axis) {
      long length = shape[axis];
      long from = bound(slice.group(1), 0, length);
      long to = bound(slice.group(2), length, length);
      if (!slice.group(3).isEmpty() && (from < 0 || to > length || from >= to)) {
        throw bad("pixels " + from + " to " + to + " leave axis " + axis + " of length " + length);
      }
      start[axis] = Math.clamp(from, 0, length);
      count[axis] = Math.max(0, Math.clamp(to, 0, length) - start[axis]);
      kept.add(count[axis]);
    }

    private static long bound(@Nullable String text, long absent, long length) {
      return text == null ? absent : position(text, length);
    }

    /**
     * A negative number counts from the end; one of more digits than any axis has is beyond all.
     */
    private static long position(String text, long length) {
      boolean fromEnd = text.startsWith("-");
      if (text.length() - (fromEnd ? 1 : 0) > MAX_DIGITS) {
        return fromEnd ? -1 : Long.MAX_VALUE;
      }
      long number = Long.parseLong(text);
      return fromEnd ? number + length : number;
    }

    private FitsException bad(String reason) {
      return new FitsException(
          ErrorKind.BAD_SECTION, place + ": section [" + expression + "]: " + reason);
    }
  }
}
