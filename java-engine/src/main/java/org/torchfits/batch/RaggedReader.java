package org.torchfits.batch;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.image.OpenImage;
import org.torchfits.work.Job;
import org.torchfits.work.Task;

/**
 * Reads images of different shapes. A first job opens all to learn their shapes, a second one reads
 * them; the first few stay open between the two.
 *
 * <p>The tasks give a block of INT64: the addresses of the blocks of the result, which the caller
 * owns with it.
 */
public final class RaggedReader {
  private static final int MOST_OPEN = 32;

  /** What the first job learnt of an image. */
  private record Found(String place, ElementType type, long[] shape, long bytes) {
    static Found of(OpenImage image) {
      return new Found(image.place(), image.type(), image.shape(), image.bytes());
    }

    boolean describes(OpenImage image) {
      return image.type() == type && Arrays.equals(image.shape(), shape);
    }

    String describe() {
      return Shapes.describe(place, type, shape);
    }
  }

  private final Abi abi;
  private final @Nullable Found[] found;
  private final Slots slots;

  private RaggedReader(List<BatchItem> items, Abi abi) {
    this.abi = abi;
    this.found = new @Nullable Found[items.size()];
    List<Slot> list = new ArrayList<>(items.size());
    for (int i = 0; i < items.size(); i++) {
      int index = i;
      list.add(new Slot(_ -> open(items.get(index), index)));
    }
    this.slots = new Slots(list);
  }

  /**
   * The task of reading each image into a block of its own: the result has a block for each item.
   *
   * @param items at least one
   */
  public static Task loadEach(List<BatchItem> items, Abi abi) {
    RaggedReader reader = new RaggedReader(items, abi);
    return reader.task(reader::readEach);
  }

  /**
   * The task of reading images of one type and number of axes into one block, each at the start of
   * its place: the result is the batch, shaped (number of items, longest of each axis), and the
   * images' own shapes, INT64 (number of items, number of axes).
   *
   * @param items at least one
   * @param fill as {@link Fill#of} has it; looked at only if an image does not fill its place
   */
  public static Task loadPadded(List<BatchItem> items, String fill, Abi abi) {
    RaggedReader reader = new RaggedReader(items, abi);
    return reader.task(() -> reader.readPadded(fill));
  }

  private Task task(Supplier<Task.Second> second) {
    Job look = new Job(found.length, index -> look((int) index));
    return Task.ofTwoJobs(Slots.share(look), second, slots::close);
  }

  private void look(int index) {
    Slot slot = slots.slots().get(index);
    slot.image();
    if (index >= MOST_OPEN) {
      slot.close();
    }
  }

  private OpenImage open(BatchItem item, int index) {
    OpenImage image = item.open();
    Found before = found[index];
    if (before == null) {
      found[index] = Found.of(image);
    } else if (!before.describes(image)) {
      String now = Shapes.describe(image);
      image.close();
      throw new FitsException(
          ErrorKind.MISMATCH, now + " was " + before.describe() + " when the batch was begun");
    }
    return image;
  }

  private Found found(int index) {
    return Objects.requireNonNull(found[index]);
  }

  private Task.Second readEach() {
    List<DlpackTensor> blocks = new ArrayList<>(found.length);
    try {
      for (int i = 0; i < found.length; i++) {
        Found image = found(i);
        blocks.add(Shapes.allocate(abi, image.type(), image.shape(), image.describe()));
        slots.slots().get(i).aim(blocks.get(i).elements(), Slot.steps(image.bytes()), null);
      }
      return second(blocks);
    } catch (RuntimeException | Error failure) {
      blocks.forEach(DlpackTensor::close);
      throw failure;
    }
  }

  private Task.Second readPadded(String fill) {
    long[] outer = outerShape();
    Found model = found(0);
    long[] shape = Shapes.batch(found.length, outer);
    String what = found.length + " x " + Shapes.describe(model.place(), model.type(), outer);
    DlpackTensor batch = Shapes.allocate(abi, model.type(), shape, what);
    List<DlpackTensor> blocks = new ArrayList<>(List.of(batch));
    try {
      blocks.add(shapes(outer.length));
      aimPadded(batch.elements(), outer, fill);
      return second(blocks);
    } catch (RuntimeException | Error failure) {
      blocks.forEach(DlpackTensor::close);
      throw failure;
    }
  }

  private long[] outerShape() {
    Found model = found(0);
    long[] outer = model.shape().clone();
    for (int i = 1; i < found.length; i++) {
      Found image = found(i);
      if (image.type() != model.type() || image.shape().length != outer.length) {
        throw new FitsException(
            ErrorKind.MISMATCH,
            image.describe() + " does not fit into the batch of " + model.describe());
      }
      for (int axis = 0; axis < outer.length; axis++) {
        outer[axis] = Math.max(outer[axis], image.shape()[axis]);
      }
    }
    return outer;
  }

  private DlpackTensor shapes(int axes) {
    long[] shape = {found.length, axes};
    DlpackTensor shapes = Shapes.allocate(abi, ElementType.INT64, shape, "the images' shapes");
    for (int i = 0; i < found.length; i++) {
      long offset = (long) i * axes * Long.BYTES;
      MemorySegment.copy(found(i).shape(), 0, shapes.elements(), JAVA_LONG, offset, axes);
    }
    return shapes;
  }

  private void aimPadded(MemorySegment target, long[] outer, String fill) {
    long placeBytes = target.byteSize() / found.length;
    for (int i = 0; i < found.length; i++) {
      Found image = found(i);
      Frame frame = null;
      if (!Arrays.equals(image.shape(), outer)) {
        Fill element = Fill.of(fill, image.type(), image.place());
        frame = new Frame(image.shape(), new long[outer.length], outer, element);
      }
      MemorySegment place = target.asSlice(i * placeBytes, placeBytes);
      slots.slots().get(i).aim(place, Slot.steps(image.bytes()), frame);
    }
  }

  /** The job of filling the blocks, and what holds their addresses. */
  private Task.Second second(List<DlpackTensor> blocks) {
    DlpackTensor result = Shapes.addresses(abi, blocks);
    return new Task.Second(slots.read(firstSteps()), new Task.Result(result, blocks));
  }

  private long[] firstSteps() {
    long[] first = new long[found.length + 1];
    for (int i = 0; i < found.length; i++) {
      first[i + 1] = first[i] + Slot.steps(found(i).bytes());
    }
    return first;
  }
}
