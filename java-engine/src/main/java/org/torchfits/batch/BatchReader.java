package org.torchfits.batch;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.NativeMemoryException;
import org.torchfits.dlpack.TensorView;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.image.ImageReader;
import org.torchfits.image.ImageRequest;
import org.torchfits.image.OpenImage;
import org.torchfits.work.Job;
import org.torchfits.work.Task;
import org.torchfits.work.Workers;

/** Reads the same HDU of many files into one block: image i is decoded straight into slot i. */
public final class BatchReader {
  /** So much of an image is read each time that it is opened. */
  private static final long STEP_BYTES = 2 << 20;

  private final List<String> paths;
  private final ImageRequest request;
  private final OpenImage model;

  private BatchReader(List<String> paths, ImageRequest request, OpenImage model) {
    this.paths = paths;
    this.request = request;
    this.model = model;
  }

  /**
   * The task of reading a batch into a block of its own, shaped (number of paths, shape of an
   * image). The first image tells shape and type of all.
   *
   * @param paths at least one, as for {@link ImageReader#open}
   */
  public static Task load(List<String> paths, ImageRequest request, Abi abi) {
    try (OpenImage first = ImageReader.open(paths.getFirst(), request)) {
      DlpackTensor block = allocate(first, paths.size(), abi);
      return new BatchReader(paths, request, first).task(block.elements(), block);
    }
  }

  /**
   * The task of reading a batch into a tensor of the caller.
   *
   * @param out has the shape (number of paths, shape of an image) and the images' type; kept alive
   *     by the caller
   */
  public static Task loadInto(List<String> paths, ImageRequest request, TensorView out) {
    try (OpenImage first = ImageReader.open(paths.getFirst(), request)) {
      requireFits(out, first, paths.size());
      return new BatchReader(paths, request, first).task(out.elements(), null);
    }
  }

  private Task task(MemorySegment target, @Nullable DlpackTensor block) {
    long steps = steps();
    Job job =
        new Job(
            paths.size() * steps,
            step -> readStep((int) (step / steps), step % steps, steps, target));
    Workers.share(job);
    return new Task(job, block, () -> {});
  }

  /**
   * In how many steps each image is read: one where opening it anew means to begin with
   * decompressing again.
   */
  private long steps() {
    return model.isParallel()
        ? Math.clamp(Math.ceilDiv(model.bytes(), STEP_BYTES), 1, Math.max(1, model.pieces()))
        : 1;
  }

  /** Opens the image for each step through it, which costs nothing beside reading a step. */
  private void readStep(int index, long step, long steps, MemorySegment target) {
    long slotBytes = model.bytes();
    try (OpenImage image = ImageReader.open(paths.get(index), request)) {
      requireLikeModel(image);
      MemorySegment slot = target.asSlice(index * slotBytes, slotBytes);
      // Of the same shape, but perhaps not in as many pieces as the model.
      long end = image.pieces() * (step + 1) / steps;
      for (long piece = image.pieces() * step / steps; piece < end; piece++) {
        image.readPiece(piece, slot);
      }
    }
  }

  private void requireLikeModel(OpenImage image) {
    if (image.type() != model.type() || !Arrays.equals(image.shape(), model.shape())) {
      throw new FitsException(
          ErrorKind.MISMATCH,
          describe(image) + " does not fit into the batch of " + describe(model));
    }
  }

  private static void requireFits(TensorView out, OpenImage model, int count) {
    if (out.type() != model.type() || !Arrays.equals(out.shape(), batchShape(model, count))) {
      throw new FitsException(
          ErrorKind.MISMATCH,
          "out is "
              + out.type()
              + " "
              + Arrays.toString(out.shape())
              + ", the batch is "
              + count
              + " x "
              + describe(model));
    }
  }

  private static String describe(OpenImage image) {
    return image.place() + ", " + image.type() + " " + Arrays.toString(image.shape());
  }

  private static long[] batchShape(OpenImage model, int count) {
    long[] shape = new long[model.shape().length + 1];
    shape[0] = count;
    System.arraycopy(model.shape(), 0, shape, 1, model.shape().length);
    return shape;
  }

  private static DlpackTensor allocate(OpenImage model, int count, Abi abi) {
    try {
      return DlpackTensor.allocate(abi, model.type(), batchShape(model, count));
    } catch (NativeMemoryException | ArithmeticException refused) {
      throw new FitsException(
          ErrorKind.OUT_OF_MEMORY,
          "a batch of " + count + " x " + describe(model) + ": " + refused.getMessage());
    }
  }
}
