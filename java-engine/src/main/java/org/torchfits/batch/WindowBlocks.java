package org.torchfits.batch;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.TensorView;

/**
 * Where the items of a window go: a block for each batch.
 *
 * @param targets of the batches
 * @param own those of them that the engine allocated; empty if they are the caller's
 * @param itemBytes of what is made of an item
 */
record WindowBlocks(List<MemorySegment> targets, List<DlpackTensor> own, long itemBytes) {
  static WindowBlocks of(WindowRequest request, WindowModel model, Abi abi) {
    long bytes = DlpackTensor.elementBytes(model.type(), model.result());
    return request.outs().isEmpty()
        ? allocated(request, model, abi, bytes)
        : new WindowBlocks(targetsOfCaller(request, model), List.of(), bytes);
  }

  private static WindowBlocks allocated(
      WindowRequest request, WindowModel model, Abi abi, long bytes) {
    List<DlpackTensor> own = new ArrayList<>();
    try {
      for (int rows : request.rows()) {
        long[] shape = Shapes.batch(rows, model.result());
        own.add(Shapes.allocate(abi, model.type(), shape, model.describe(rows)));
      }
    } catch (RuntimeException | Error failure) {
      own.forEach(DlpackTensor::close);
      throw failure;
    }
    return new WindowBlocks(own.stream().map(DlpackTensor::elements).toList(), own, bytes);
  }

  private static List<MemorySegment> targetsOfCaller(WindowRequest request, WindowModel model) {
    List<MemorySegment> targets = new ArrayList<>();
    for (int batch = 0; batch < request.rows().length; batch++) {
      TensorView out = request.outs().get(batch);
      int rows = request.rows()[batch];
      long[] shape = Shapes.batch(rows, model.result());
      Shapes.requireFits(out, model.type(), shape, "the batch is " + model.describe(rows));
      targets.add(out.elements());
    }
    return targets;
  }

  /** The place of a row of a batch. */
  MemorySegment slot(int batch, int row) {
    return targets.get(batch).asSlice(row * itemBytes, itemBytes);
  }

  void close() {
    own.forEach(DlpackTensor::close);
  }
}
