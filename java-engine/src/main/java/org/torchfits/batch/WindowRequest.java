package org.torchfits.batch;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.TensorView;
import org.torchfits.image.ImageRequest;

/**
 * What a caller wants of a window: batches of items, all of one shape and type, of few files.
 *
 * @param paths of the files, as for {@link org.torchfits.image.ImageReader#open}
 * @param images what is wanted of an image, for each HDU that is wanted of files; a section is that
 *     of whole images, and has no meaning for boxes
 * @param items as {@link WindowItems} has them
 * @param rows of each batch, one behind the other
 * @param fill as {@link Fill#of} has it, for what no image has; looked at only if it is needed
 * @param keepGoing whether an item that cannot be read is told, and its slot filled
 * @param shape of all items as they are read; null for that of the first one that can be read
 * @param outs tensors of the caller, one a batch, kept alive by him; none for new blocks
 * @param arrangement what is made of the items
 */
public record WindowRequest(
    List<String> paths,
    List<ImageRequest> images,
    WindowItems items,
    int[] rows,
    String fill,
    boolean keepGoing,
    long @Nullable [] shape,
    List<TensorView> outs,
    Arrangement arrangement) {
  /**
   * Checks what belongs together.
   *
   * @throws IllegalArgumentException if the batches do not hold as many items as there are, or not
   *     each has a tensor, or there are not as many moves
   */
  public WindowRequest {
    long inBatches = 0;
    for (int count : rows) {
      inBatches += count;
    }
    if (inBatches != items.count() || (!outs.isEmpty() && outs.size() != rows.length)) {
      throw new IllegalArgumentException(
          items.count() + " items, " + inBatches + " in batches, " + outs.size() + " tensors");
    }
    Moves moves = arrangement.moves();
    if (moves != null && moves.count() != items.count()) {
      throw new IllegalArgumentException(items.count() + " items, " + moves.count() + " moves");
    }
  }

  /** The type that is asked for; null for the items' own. */
  @Nullable ElementType type() {
    return images.isEmpty() ? null : images.getFirst().dtype();
  }
}
