package org.torchfits.batch;

import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.TensorView;

/**
 * What is made of the items of a window when they are read.
 *
 * @param moves null if they are taken as they are
 * @param scaling of what was moved; null for none
 */
public record Arrangement(@Nullable Moves moves, @Nullable Scaling scaling) {
  /**
   * An arrangement as Python has it.
   *
   * @param moves INT64 (items, 3): first row and column of the part of each item that is wanted,
   *     and its symmetry: 1 if rows are mirrored, 2 if columns are, and 4 if it is transposed then
   * @param height of the turned parts
   * @param width likewise
   * @param scales FLOAT64 (bands, 2): offset and divisor of item i are those of band i % bands
   */
  public static Arrangement of(
      @Nullable TensorView moves, long height, long width, @Nullable TensorView scales) {
    return new Arrangement(
        moves == null ? null : Moves.of(moves, height, width),
        scales == null ? null : Scaling.of(scales));
  }

  /**
   * Shape of what is made of an item.
   *
   * @param shape of the item
   */
  long[] result(long[] shape) {
    return moves == null ? shape : moves.result(shape);
  }
}
