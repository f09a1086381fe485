package org.torchfits.image;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.ElementType;

/** Makes all NaNs one: which of them an operation gives is left to the machine. */
final class Nans {
  private Nans() {}

  /** Elements of any type; only those of FLOAT32 and FLOAT64 may be NaN. */
  static void unify(ElementType type, MemorySegment elements) {
    switch (type) {
      case FLOAT32 -> unifyFloats(elements);
      case FLOAT64 -> unifyDoubles(elements);
      default -> {}
    }
  }

  private static void unifyFloats(MemorySegment elements) {
    for (long at = 0; at < elements.byteSize(); at += Float.BYTES) {
      if (Float.isNaN(elements.get(JAVA_FLOAT_UNALIGNED, at))) {
        elements.set(JAVA_FLOAT_UNALIGNED, at, Float.NaN);
      }
    }
  }

  private static void unifyDoubles(MemorySegment elements) {
    for (long at = 0; at < elements.byteSize(); at += Double.BYTES) {
      if (Double.isNaN(elements.get(JAVA_DOUBLE_UNALIGNED, at))) {
        elements.set(JAVA_DOUBLE_UNALIGNED, at, Double.NaN);
      }
    }
  }
}
