package org.torchfits.kernel;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * (value - offset) / divisor of elements where they are, each step rounded to the type of the
 * elements, as torch does it on a CPU.
 */
public final class ScaleKernels {
  private ScaleKernels() {}

  /** Scales FLOAT32 of native byte order. */
  public static void scaleFloats(MemorySegment elements, float offset, float divisor) {
    long count = elements.byteSize() / Float.BYTES;
    try (Lanes lanes = Lanes.borrow()) {
      for (long done = 0; done < count; done += Lanes.LENGTH) {
        int n = (int) Math.min(Lanes.LENGTH, count - done);
        long place = done * Float.BYTES;
        MemorySegment.copy(elements, JAVA_FLOAT_UNALIGNED, place, lanes.floats, 0, n);
        scale(lanes.floats, offset, divisor, n);
        MemorySegment.copy(lanes.floats, 0, elements, JAVA_FLOAT_UNALIGNED, place, n);
      }
    }
  }

  /** Scales FLOAT64 of native byte order. */
  public static void scaleDoubles(MemorySegment elements, double offset, double divisor) {
    long count = elements.byteSize() / Double.BYTES;
    try (Lanes lanes = Lanes.borrow()) {
      for (long done = 0; done < count; done += Lanes.LENGTH) {
        int n = (int) Math.min(Lanes.LENGTH, count - done);
        long place = done * Double.BYTES;
        MemorySegment.copy(elements, JAVA_DOUBLE_UNALIGNED, place, lanes.doubles, 0, n);
        scale(lanes.doubles, offset, divisor, n);
        MemorySegment.copy(lanes.doubles, 0, elements, JAVA_DOUBLE_UNALIGNED, place, n);
      }
    }
  }

  private static void scale(float[] values, float offset, float divisor, int n) {
    for (int i = 0; i < n; i++) {
      values[i] = (values[i] - offset) / divisor;
    }
  }

  private static void scale(double[] values, double offset, double divisor, int n) {
    for (int i = 0; i < n; i++) {
      values[i] = (values[i] - offset) / divisor;
    }
  }
}
