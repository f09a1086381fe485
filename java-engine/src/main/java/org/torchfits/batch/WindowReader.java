package org.torchfits.batch;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.image.SharedImage;
import org.torchfits.work.Job;
import org.torchfits.work.Tally;
import org.torchfits.work.Task;
import org.torchfits.work.Workers;

/**
 * Reads a window: the items of some batches, file by file, each decoded straight into its slot of
 * the block of its batch.
 *
 * <p>The task gives a block of INT64: the addresses of the blocks of the result, which the caller
 * owns with it. The first one is UINT8, the {@link WindowReport}; the others are the batches,
 * shaped (rows, shape of an item), unless the caller gave tensors for them.
 */
public final class WindowReader {
  private final WindowRequest request;
  private final WindowItems items;
  private final int[] batchOf;
  private final int[] rowOf;
  private final BatchPlan plan;
  private final List<WindowFile> files;
  private final @Nullable WindowImage[] images;
  private final WindowReport report;

  private WindowReader(WindowRequest request) {
    this.request = request;
    this.items = request.items();
    this.batchOf = new int[items.count()];
    this.rowOf = new int[items.count()];
    putIntoBatches();
    this.plan = new BatchPlan(items, batchOf);
    this.files = request.paths().stream().map(WindowFile::new).toList();
    Map<Long, WindowImage> distinct = new HashMap<>();
    this.images = images(distinct);
    this.report = new WindowReport(usedFiles(), distinct.size());
  }

  /** The task of reading a window. */
  public static Task load(WindowRequest request, Abi abi) {
    return new WindowReader(request).task(abi);
  }

  private void putIntoBatches() {
    int item = 0;
    for (int batch = 0; batch < request.rows().length; batch++) {
      for (int row = 0; row < request.rows()[batch]; row++) {
        batchOf[item] = batch;
        rowOf[item] = row;
        item++;
      }
    }
  }

  /** The image of each item; null for a missing one. */
  private @Nullable WindowImage[] images(Map<Long, WindowImage> distinct) {
    @Nullable WindowImage[] ofItems = new @Nullable WindowImage[items.count()];
    for (int item = 0; item < ofItems.length; item++) {
      if (!items.isMissing(item)) {
        int file = items.file(item);
        int hdu = items.hdu(item);
        WindowImage image =
            distinct.computeIfAbsent(
                (long) file << 32 | hdu,
                _ -> new WindowImage(files.get(file), request.images().get(hdu)));
        image.addItem();
        ofItems[item] = image;
      }
    }
    return ofItems;
  }

  private int usedFiles() {
    int used = 0;
    for (WindowFile file : files) {
      used += file.isUsed() ? 1 : 0;
    }
    return used;
  }

  private Task task(Abi abi) {
    try {
      WindowModel model = model();
      Tally.mine().flush(report.stages());
      WindowBlocks blocks = WindowBlocks.of(request, model, abi);
      try {
        WindowJob pieces = new WindowJob(this, model, blocks);
        Job job = pieces.job();
        Workers.share(job);
        return Task.ofTwoJobs(job, () -> last(blocks, abi), () -> close(pieces, blocks));
      } catch (RuntimeException | Error failure) {
        blocks.close();
        throw failure;
      }
    } catch (RuntimeException | Error failure) {
      close();
      throw failure;
    }
  }

  /** Shape and type of all items: those that were asked for, else of the first that can be read. */
  private WindowModel model() {
    ElementType type = request.type();
    if (type != null && request.shape() != null) {
      return modelOf("the window", type, request.shape());
    }
    FitsException first = null;
    for (int item = 0; item < images.length; item++) {
      WindowImage image = images[item];
      if (image != null) {
        try {
          return modelOf(item, image.open());
        } catch (FitsException refused) {
          if (!tolerates(refused)) {
            throw refused;
          }
          first = first == null ? refused : first;
        }
      }
    }
    throw first != null
        ? first
        : new FitsException(ErrorKind.MISMATCH, "no item of the window tells shape and dtype");
  }

  private WindowModel modelOf(int item, SharedImage image) {
    long[] shape = items.shape(item, image);
    long[] wanted = request.shape();
    return modelOf(image.place(), image.type(), wanted == null ? shape : wanted);
  }

  private WindowModel modelOf(String place, ElementType type, long[] shape) {
    return new WindowModel(place, type, shape, request.arrangement().result(shape));
  }

  /** Whether a window goes on without an item that failed so. */
  boolean tolerates(FitsException failure) {
    return request.keepGoing()
        && failure.kind() != ErrorKind.LIBRARY
        && failure.kind() != ErrorKind.CANCELLED;
  }

  private Task.Second last(WindowBlocks blocks, Abi abi) {
    DlpackTensor told = report.block(abi);
    try {
      List<DlpackTensor> parts = new ArrayList<>(List.of(told));
      parts.addAll(blocks.own());
      Task.Result result = new Task.Result(Shapes.addresses(abi, parts), parts);
      return new Task.Second(new Job(0, piece -> {}), result);
    } catch (RuntimeException | Error failure) {
      told.close();
      throw failure;
    }
  }

  private void close(WindowJob pieces, WindowBlocks blocks) {
    pieces.close();
    close();
    blocks.close();
  }

  /** Closes what a job that did not end left open. */
  private void close() {
    for (WindowImage image : images) {
      if (image != null) {
        image.close();
      }
    }
    for (WindowFile file : files) {
      file.close();
    }
  }

  WindowRequest request() {
    return request;
  }

  WindowReport report() {
    return report;
  }

  BatchPlan plan() {
    return plan;
  }

  /** The image of an item; null if it is missing. */
  @Nullable WindowImage image(int item) {
    return images[item];
  }

  /** The place of an item. */
  MemorySegment slot(int item, WindowBlocks blocks) {
    return blocks.slot(batchOf[item], rowOf[item]);
  }
}
