package org.torchfits.kernel;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class ScaleKernelsTest {
  /** Some blocks of lanes, and a part of one. */
  private static final int COUNT = 2 * Lanes.LENGTH + 77;

  @Test
  void scaleFloats_eachStep_isRounded() {
    float[] values = new float[COUNT];
    float[] expected = new float[COUNT];
    for (int i = 0; i < COUNT; i++) {
      values[i] = i * 0.37f - 100;
      float less = (float) ((double) values[i] - (double) 0.1f);
      expected[i] = (float) ((double) less / (double) 0.3f);
    }
    values[5] = Float.NaN;
    expected[5] = Float.NaN;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment elements = arena.allocateFrom(JAVA_FLOAT, values);
      ScaleKernels.scaleFloats(elements, 0.1f, 0.3f);
      assertArrayEquals(expected, elements.toArray(JAVA_FLOAT));
    }
  }

  @Test
  void scaleDoubles_eachStep_isOne() {
    double[] values = new double[COUNT];
    double[] expected = new double[COUNT];
    for (int i = 0; i < COUNT; i++) {
      values[i] = i * 0.37 - 100;
      double less = values[i] - 0.1;
      expected[i] = less / 0.3;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment elements = arena.allocateFrom(JAVA_DOUBLE, values);
      ScaleKernels.scaleDoubles(elements, 0.1, 0.3);
      assertArrayEquals(expected, elements.toArray(JAVA_DOUBLE));
    }
  }
}
