package org.torchfits.image;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.TensorView;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.kernel.Lanes;

/**
 * What takes an instrument's marks from an image: (value - offset) * gain, each step rounded to
 * FLOAT32.
 *
 * @param offset subtracted from every pixel, where {@code offsets} is null
 * @param offsets FLOAT32 of the result's shape, a number for each pixel; kept alive by the caller
 * @param gain likewise the factor
 * @param gains likewise factors
 */
public record Calibration(
    float offset, @Nullable TensorView offsets, float gain, @Nullable TensorView gains) {

  /** Throws MISMATCH unless the images of numbers belong to the image. */
  void requireFits(OpenImage image) {
    requireFits("offset", offsets, image);
    requireFits("gain", gains, image);
  }

  private static void requireFits(String name, @Nullable TensorView numbers, OpenImage image) {
    if (numbers != null
        && (numbers.type() != ElementType.FLOAT32
            || !Arrays.equals(numbers.shape(), image.shape()))) {
      throw new FitsException(
          ErrorKind.MISMATCH,
          image.place()
              + ": "
              + name
              + " is "
              + numbers.type()
              + " "
              + Arrays.toString(numbers.shape())
              + ", the result has shape "
              + Arrays.toString(image.shape()));
    }
  }

  /**
   * Calibrates {@link Lanes#floats}.
   *
   * @param first element of the result that stands there
   */
  void apply(Lanes lanes, long first, int n) {
    if (offsets == null) {
      FloatKernels.subtract(lanes.floats, offset, n);
    } else {
      load(offsets, first, lanes.others, n);
      FloatKernels.subtract(lanes.floats, lanes.others, n);
    }
    if (gains == null) {
      FloatKernels.multiply(lanes.floats, gain, n);
    } else {
      load(gains, first, lanes.others, n);
      FloatKernels.multiply(lanes.floats, lanes.others, n);
    }
  }

  private static void load(TensorView numbers, long first, float[] to, int n) {
    MemorySegment.copy(numbers.elements(), JAVA_FLOAT_UNALIGNED, first * Float.BYTES, to, 0, n);
  }
}
