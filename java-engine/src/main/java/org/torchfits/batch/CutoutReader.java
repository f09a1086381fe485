package org.torchfits.batch;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.TensorView;
import org.torchfits.image.ImageReader;
import org.torchfits.image.ImageRequest;
import org.torchfits.image.SharedImage;
import org.torchfits.work.Task;

/**
 * Reads boxes of one image into one block: the file is opened once, and each box decoded straight
 * into its slot, in the order in which the boxes stand in the file.
 */
public final class CutoutReader {
  private final SharedImage image;
  private final Boxes boxes;
  private final String fill;

  private CutoutReader(SharedImage image, Boxes boxes, String fill) {
    this.image = image;
    this.boxes = boxes;
    this.fill = fill;
  }

  /**
   * The task of reading boxes into a block of its own, shaped (number of boxes, shape of a box).
   *
   * @param path as for {@link ImageReader#open}
   * @param request without a section
   * @param bounds as {@link Boxes#of} has them
   * @param fill as {@link Fill#of} has it, for pixels outside the image; looked at only if there
   *     are any
   */
  public static Task load(
      String path, ImageRequest request, TensorView bounds, String fill, Abi abi) {
    SharedImage image = SharedImage.open(path, request);
    try {
      CutoutReader reader = reader(image, bounds, fill);
      String what = "cutouts of " + reader.describe();
      return reader.task(Shapes.allocate(abi, image.type(), reader.shape(), what));
    } catch (RuntimeException | Error failure) {
      image.close();
      throw failure;
    }
  }

  /**
   * The task of reading boxes into a tensor of the caller.
   *
   * @param out has the shape (number of boxes, shape of a box) and the image's type; kept alive by
   *     the caller
   * @see #load for the other parameters
   */
  public static Task loadInto(
      String path, ImageRequest request, TensorView bounds, String fill, TensorView out) {
    SharedImage image = SharedImage.open(path, request);
    try {
      CutoutReader reader = reader(image, bounds, fill);
      Shapes.requireFits(out, image.type(), reader.shape(), "the cutouts are " + reader.describe());
      return reader.task(out.elements(), null);
    } catch (RuntimeException | Error failure) {
      image.close();
      throw failure;
    }
  }

  private static CutoutReader reader(SharedImage image, TensorView bounds, String fill) {
    return new CutoutReader(image, Boxes.of(bounds, image.shape(), image.place()), fill);
  }

  private long[] shape() {
    return Shapes.batch(boxes.count(), boxes.shape());
  }

  private String describe() {
    return Shapes.describe(image.place(), image.type(), shape());
  }

  private Task task(DlpackTensor block) {
    try {
      return task(block.elements(), block);
    } catch (RuntimeException | Error failure) {
      block.close();
      throw failure;
    }
  }

  private Task task(MemorySegment target, @Nullable DlpackTensor block) {
    long boxBytes = target.byteSize() / boxes.count();
    long steps = Slot.steps(boxBytes);
    Slots slots = new Slots(slots(target, boxBytes, steps));
    return new Task(
        slots.read(steps),
        block,
        () -> {
          slots.close();
          image.close();
        });
  }

  private List<Slot> slots(MemorySegment target, long boxBytes, long steps) {
    Inside[] parts = new Inside[boxes.count()];
    Arrays.setAll(parts, box -> boxes.inside(box, image.shape()));
    List<Slot> slots = new ArrayList<>(parts.length);
    for (int box : inOrderOfFile(parts)) {
      Inside part = parts[box];
      Slot slot = new Slot(_ -> image.box(part.start(), part.count()));
      slot.aim(target.asSlice(box * boxBytes, boxBytes), steps, frame(part));
      slots.add(slot);
    }
    return slots;
  }

  private int[] inOrderOfFile(Inside[] parts) {
    long[] positions = new long[parts.length];
    Integer[] order = new Integer[parts.length];
    for (int box = 0; box < parts.length; box++) {
      positions[box] = parts[box].position(image.shape());
      order[box] = box;
    }
    Arrays.sort(order, Comparator.comparingLong(box -> positions[box]));
    return Arrays.stream(order).mapToInt(Integer::intValue).toArray();
  }

  private @Nullable Frame frame(Inside part) {
    return boxes.areEmpty() || Arrays.equals(part.count(), boxes.shape())
        ? null
        : new Frame(
            part.count(), part.before(), boxes.shape(), Fill.of(fill, image.type(), image.place()));
  }
}
