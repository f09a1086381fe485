package org.torchfits.batch;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.TensorView;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.image.OpenImage;
import org.torchfits.work.Task;

/** Reads images of one shape and type into one block: image i is decoded straight into slot i. */
public final class BatchReader {
  private BatchReader() {}

  /**
   * The task of reading a batch into a block of its own, shaped (number of items, shape of an
   * image). The first image tells shape and type of all.
   *
   * @param items at least one
   */
  public static Task load(List<BatchItem> items, Abi abi) {
    OpenImage first = items.getFirst().open();
    try {
      long[] shape = Shapes.batch(items.size(), first.shape());
      String what = "a batch of " + describe(first, items);
      DlpackTensor block = Shapes.allocate(abi, first.type(), shape, what);
      return task(items, first, block.elements(), block);
    } catch (RuntimeException | Error failure) {
      first.close();
      throw failure;
    }
  }

  /**
   * The task of reading a batch into a tensor of the caller.
   *
   * @param out has the shape (number of items, shape of an image) and the images' type; kept alive
   *     by the caller
   */
  public static Task loadInto(List<BatchItem> items, TensorView out) {
    OpenImage first = items.getFirst().open();
    try {
      long[] shape = Shapes.batch(items.size(), first.shape());
      Shapes.requireFits(out, first.type(), shape, "the batch is " + describe(first, items));
      return task(items, first, out.elements(), null);
    } catch (RuntimeException | Error failure) {
      first.close();
      throw failure;
    }
  }

  private static Task task(
      List<BatchItem> items, OpenImage first, MemorySegment target, @Nullable DlpackTensor block) {
    long bytes = first.bytes();
    long steps = Slot.steps(bytes);
    Model model = new Model(first.place(), first.type(), first.shape());
    List<Slot> slots = new ArrayList<>(items.size());
    for (int i = 0; i < items.size(); i++) {
      BatchItem item = items.get(i);
      Slot slot = new Slot(i == 0 ? _ -> first : _ -> model.open(item));
      slot.aim(target.asSlice(i * bytes, bytes), steps, null);
      slots.add(slot);
    }
    slots.getFirst().image();
    Slots all = new Slots(slots);
    return new Task(all.read(steps), block, all::close);
  }

  /** What all images are like. */
  private record Model(String place, ElementType type, long[] shape) {
    OpenImage open(BatchItem item) {
      OpenImage image = item.open();
      if (image.type() != type || !Arrays.equals(image.shape(), shape)) {
        String other = Shapes.describe(image);
        image.close();
        throw new FitsException(
            ErrorKind.MISMATCH,
            other + " does not fit into the batch of " + Shapes.describe(place, type, shape));
      }
      return image;
    }
  }

  private static String describe(OpenImage first, List<BatchItem> items) {
    return items.size() + " x " + Shapes.describe(first);
  }
}
