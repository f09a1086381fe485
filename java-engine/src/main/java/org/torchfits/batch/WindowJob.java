package org.torchfits.batch;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.error.FitsException;
import org.torchfits.image.OpenImage;
import org.torchfits.image.SharedImage;
import org.torchfits.work.Job;
import org.torchfits.work.Stage;
import org.torchfits.work.Stages;
import org.torchfits.work.Tally;
import org.torchfits.work.Unfinished;

/**
 * The items of a window on their way into their slots. A piece is a run of neighbours of the plan,
 * or a step of a large item.
 */
final class WindowJob {
  private static final long PIECE_BYTES = 256 << 10;
  private static final int MOST_ITEMS = 16;

  /** Of a small window, too, each thread gets some pieces. */
  private static final int LEAST_PIECES = 32;

  /** After this a piece that is not done is given back, since its thread may be asked for. */
  private static final long PATIENCE_NANOS = 10_000_000;

  private final WindowReader window;
  private final WindowModel model;
  private final BatchPlan plan;

  /** What fills the slots of missing and bad items; null if there cannot be any. */
  private final @Nullable Fill fill;

  /** In the order of the plan; null for a missing item. */
  private final @Nullable Slot[] slots;

  private final MemorySegment[] targets;
  private final long steps;
  private final int itemsPerPiece;

  /** How many items of each piece are done; belongs to the thread that does the piece. */
  private final int[] done;

  WindowJob(WindowReader window, WindowModel model, WindowBlocks blocks) {
    this.window = window;
    this.model = model;
    this.plan = window.plan();
    this.steps = Slot.steps(DlpackTensor.elementBytes(model.type(), model.shape()));
    this.itemsPerPiece = itemsPerPiece(blocks.itemBytes());
    this.done = new int[Math.ceilDiv(plan.count(), itemsPerPiece)];
    this.slots = new @Nullable Slot[plan.count()];
    this.targets = new MemorySegment[plan.count()];
    boolean anyMissing = false;
    for (int place = 0; place < slots.length; place++) {
      int item = plan.item(place);
      targets[place] = window.slot(item, blocks);
      slots[place] = slot(item, targets[place]);
      anyMissing |= slots[place] == null;
    }
    this.fill = anyMissing || window.request().keepGoing() ? fill("the window") : null;
  }

  private int itemsPerPiece(long itemBytes) {
    long ofBytes = PIECE_BYTES / Math.max(1, itemBytes);
    return Math.clamp(Math.min(ofBytes, plan.count() / LEAST_PIECES), 1, MOST_ITEMS);
  }

  private @Nullable Slot slot(int item, MemorySegment target) {
    WindowImage image = window.image(item);
    if (image == null) {
      return null;
    }
    Slot slot = new Slot(opened -> open(item, image.open(), opened), new Tolerance(item));
    slot.aim(target, steps, null);
    return slot;
  }

  private Fill fill(String place) {
    return Fill.of(window.request().fill(), model.type(), place);
  }

  /** The job of reading all items. */
  Job job() {
    Stages stages = window.report().stages();
    return steps > 1
        ? new Job(plan.count() * steps, piece -> read((int) (piece / steps), piece % steps), stages)
        : new Job(done.length, piece -> readNeighbours((int) piece), stages);
  }

  private void readNeighbours(int piece) {
    int first = piece * itemsPerPiece;
    int count = Math.min(itemsPerPiece, plan.count() - first);
    long start = System.nanoTime();
    while (done[piece] < count) {
      if (System.nanoTime() - start > PATIENCE_NANOS) {
        throw new Unfinished("a piece of a window");
      }
      read(first + done[piece], 0);
      done[piece]++;
    }
  }

  private void read(int place, long step) {
    Slot slot = slots[place];
    if (slot == null) {
      fillAll(targets[place]);
      scale(place);
    } else if (slot.read(step)) {
      scale(place);
      endItem(plan.item(place));
    }
  }

  private void scale(int place) {
    Scaling scaling = window.request().arrangement().scaling();
    if (scaling != null) {
      long start = System.nanoTime();
      scaling.apply(plan.item(place), targets[place], model.type());
      Tally.mine().addSince(Stage.COPY_NANOS, start);
    }
  }

  private void endItem(int item) {
    WindowImage image = window.image(item);
    if (image != null) {
      image.endItem();
    }
  }

  private OpenImage open(int item, SharedImage image, Slot slot) {
    WindowItems items = window.request().items();
    long[] shape = items.shape(item, image);
    model.require(image, shape);
    Moves moves = window.request().arrangement().moves();
    if (moves == null) {
      return items.axes() == 0
          ? image.wanted()
          : box(image, items.starts(item, image.shape()), shape, slot);
    }
    long[] start = moves.start(item, shape);
    long[] count = moves.count(item, shape);
    if (moves.symmetry(item) != 0) {
      slot.turn(new Turn(moves.symmetry(item), count, model.type().bytes()));
    }
    if (items.axes() == 0) {
      return image.part(start, count);
    }
    long[] starts = items.starts(item, image.shape());
    Arrays.setAll(starts, axis -> starts[axis] + start[axis]);
    return box(image, starts, count, slot);
  }

  private OpenImage box(SharedImage image, long[] from, long[] shape, Slot slot) {
    Inside part = Inside.of(from, shape, image.shape());
    if (!Arrays.equals(part.count(), shape) && hasPixels(shape)) {
      slot.enclose(new Frame(part.count(), part.before(), shape, fill(image.place())));
    }
    return image.box(part.start(), part.count());
  }

  private static boolean hasPixels(long[] shape) {
    return Arrays.stream(shape).noneMatch(length -> length == 0);
  }

  private void fillAll(MemorySegment target) {
    if (fill != null) {
      long start = System.nanoTime();
      fill.put(target, 0, target.byteSize());
      Tally.mine().addSince(Stage.COPY_NANOS, start);
    }
  }

  /** Closes what a job that did not end left open. */
  void close() {
    for (Slot slot : slots) {
      if (slot != null) {
        slot.close();
      }
    }
  }

  /** What becomes of an item that cannot be read. */
  private final class Tolerance implements Slot.Tolerance {
    private final int item;

    Tolerance(int item) {
      this.item = item;
    }

    @Override
    public boolean tolerates(FitsException failure) {
      boolean goesOn = window.tolerates(failure);
      if (goesOn) {
        window.report().tell(item, failure);
      }
      return goesOn;
    }

    @Override
    public void fill(MemorySegment target) {
      fillAll(target);
    }
  }
}
