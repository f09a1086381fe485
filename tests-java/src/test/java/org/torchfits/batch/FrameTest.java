package org.torchfits.batch;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.dlpack.ElementType;

class FrameTest {
  private static final Random RANDOM = new Random(7);

  private static int product(long[] lengths) {
    return (int) Arrays.stream(lengths).reduce(1, Math::multiplyExact);
  }

  /** The indices of an element. */
  private static long[] position(int element, long[] shape) {
    long[] position = new long[shape.length];
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      position[axis] = element % shape[axis];
      element = (int) (element / shape[axis]);
    }
    return position;
  }

  /** What stands at an element of the place, found from the image alone. */
  private static short expected(int element, Frame frame) {
    long[] position = position(element, frame.outer());
    long index = 0;
    for (int axis = 0; axis < position.length; axis++) {
      long inner = position[axis] - frame.before()[axis];
      if (inner < 0 || inner >= frame.inner()[axis]) {
        return -1;
      }
      index = index * frame.inner()[axis] + inner;
    }
    return (short) (index + 1);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void put_anyImage_standsInItsPlace(int axes) {
    Fill fill = Fill.of("-1", ElementType.INT16, "a.fits[0]");
    for (int run = 0; run < 300; run++) {
      long[] inner = RANDOM.longs(axes, 0, 6).toArray();
      long[] before = RANDOM.longs(axes, 0, 4).toArray();
      long[] outer = new long[axes];
      Arrays.setAll(outer, axis -> before[axis] + inner[axis] + RANDOM.nextInt(4));
      Frame frame = new Frame(inner, before, outer, fill);
      short[] expected = new short[product(outer)];
      for (int i = 0; i < expected.length; i++) {
        expected[i] = expected(i, frame);
      }
      assertArrayEquals(expected, put(frame));
    }
  }

  private static short[] put(Frame frame) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment place = arena.allocate(2L * product(frame.outer()), 2);
      for (int i = 0; i < product(frame.inner()); i++) {
        place.setAtIndex(JAVA_SHORT, i, (short) (i + 1));
      }
      frame.put(place);
      return place.toArray(JAVA_SHORT);
    }
  }
}
