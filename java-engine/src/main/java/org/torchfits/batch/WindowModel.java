package org.torchfits.batch;

import java.util.Arrays;
import org.torchfits.dlpack.ElementType;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.image.SharedImage;

/**
 * What all items of a window are like.
 *
 * @param place of whose type and shape these are, for messages
 * @param shape as they are read
 * @param result shape of what is made of them
 */
record WindowModel(String place, ElementType type, long[] shape, long[] result) {
  /**
   * Refuses an item that is not like the others.
   *
   * @param itemShape of the item
   */
  void require(SharedImage image, long[] itemShape) {
    if (image.type() != type || !Arrays.equals(itemShape, shape)) {
      throw new FitsException(
          ErrorKind.MISMATCH,
          Shapes.describe(image.place(), image.type(), itemShape)
              + " does not fit into the batch of "
              + Shapes.describe(place, type, shape));
    }
  }

  String describe(int rows) {
    return rows + " x " + Shapes.describe(place, type, result);
  }
}
