package org.torchfits.batch;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.TensorView;
import org.torchfits.kernel.ScaleKernels;

/**
 * (value - offset) / divisor for all elements of an item: rounded to the items' type after each
 * step.
 *
 * @param numbers offset and divisor for items 0, 1, ...; then again from the first ones on
 */
record Scaling(double[] numbers) {
  /**
   * @param numbers FLOAT64 (bands, 2)
   */
  static Scaling of(TensorView numbers) {
    long[] shape = numbers.shape();
    if (numbers.type() != ElementType.FLOAT64 || shape.length != 2 || shape[1] != 2) {
      throw new IllegalArgumentException("scales are FLOAT64 (bands, 2)");
    }
    return new Scaling(numbers.elements().toArray(JAVA_DOUBLE));
  }

  /**
   * Scales an item where it is.
   *
   * @param type FLOAT32 or FLOAT64
   */
  void apply(int item, MemorySegment elements, ElementType type) {
    int at = item % (numbers.length / 2) * 2;
    switch (type) {
      case FLOAT32 ->
          ScaleKernels.scaleFloats(elements, (float) numbers[at], (float) numbers[at + 1]);
      case FLOAT64 -> ScaleKernels.scaleDoubles(elements, numbers[at], numbers[at + 1]);
      default -> throw new IllegalArgumentException(type + " is not scaled");
    }
  }
}
