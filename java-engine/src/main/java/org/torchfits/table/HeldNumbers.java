package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.NativeMemoryException;
import org.torchfits.dlpack.TensorView;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.work.Job;
import org.torchfits.work.Task;

/** Makes a {@link NumericalBlock} of columns in memory. */
public final class HeldNumbers {
  private record Held(MemorySegment elements, FloatLoader loader) {
    private static Held of(TensorView column, FloatLoader loader) {
      if (column.shape().length != 1) {
        throw new IllegalArgumentException("a column of numbers has one axis");
      }
      return new Held(column.elements(), loader);
    }
  }

  private final List<Held> columns;
  private final NumericalBlock block;
  private final DlpackTensor addresses;

  private HeldNumbers(List<Held> columns, NumericalBlock block, DlpackTensor addresses) {
    this.columns = columns;
    this.block = block;
    this.addresses = addresses;
  }

  /**
   * The task of making a block of columns. It gives a block of INT64 with the addresses of {@link
   * NumericalBlock#blocks}, which the caller owns with it.
   *
   * @param wanted INT64 (columns, 3), at least one: address of the {@code DLManagedTensor} of a
   *     column, of one axis and a type that {@link FloatLoader} takes, 1 if it has a null value or
   *     0, and that value; kept alive by the caller
   */
  public static Task make(TensorView wanted, Abi abi) {
    MemorySegment longs = wanted.elements();
    List<Held> columns = new ArrayList<>();
    List<Long> lengths = new ArrayList<>();
    for (long at = 0; at < longs.byteSize() / Long.BYTES; at += 3) {
      TensorView column = TensorView.at(longs.getAtIndex(JAVA_LONG, at), abi);
      boolean hasNull = longs.getAtIndex(JAVA_LONG, at + 1) != 0;
      Long nullValue = hasNull ? longs.getAtIndex(JAVA_LONG, at + 2) : null;
      columns.add(Held.of(column, new FloatLoader(column.type(), nullValue)));
      lengths.add(column.shape()[0]);
    }
    if (lengths.stream().distinct().count() != 1) {
      throw new IllegalArgumentException("the columns of a frame have the same number of rows");
    }
    NumericalBlock block = new NumericalBlock(lengths.getFirst(), columns.size(), abi, "");
    try {
      HeldNumbers made = new HeldNumbers(columns, block, Blocks.addresses(block.blocks(), abi));
      return Task.of(made.first(), made::close);
    } catch (NativeMemoryException refused) {
      block.close();
      throw new FitsException(ErrorKind.OUT_OF_MEMORY, "a frame: " + refused.getMessage());
    }
  }

  private Task.Second first() {
    if (!block.isWorthSample()) {
      return filling();
    }
    block.beginSample();
    Job job = new RowReader.Stage(block.runs(), this::sample).shared();
    return new Task.Second(job, this::endSample);
  }

  private Task.Second endSample() {
    return new Task.Second(block.endSample().shared(), this::filling);
  }

  private Task.Second filling() {
    long pieces = Math.ceilDiv(block.rows(), block.pieceRows());
    return new Task.Second(new RowReader.Stage(pieces, this::fill).shared(), this::next);
  }

  private Task.Second next() {
    RowReader.Stage stage = block.nextStage();
    return stage == null
        ? new Task.Second(new Job(0, piece -> {}), new Task.Result(addresses, block.blocks()))
        : new Task.Second(stage.shared(), this::next);
  }

  private NumericalBlock.Source from(long first) {
    return (column, row, count, lanes, into) -> {
      Held held = columns.get(column);
      held.loader.load(held.elements, first + row, count, lanes.loader(), into);
    };
  }

  private void sample(long run) {
    NumericalBlock.Lanes lanes = NumericalBlock.Lanes.borrow();
    NumericalBlock.Source rows = from(block.runRow((int) run));
    block.sample(0, columns.size(), (int) run, rows, lanes);
    lanes.giveBack();
  }

  private void fill(long piece) {
    long first = piece * block.pieceRows();
    int count = (int) Math.min(block.pieceRows(), block.rows() - first);
    NumericalBlock.Lanes lanes = NumericalBlock.Lanes.borrow();
    block.put(0, columns.size(), first, count, from(first), lanes);
    lanes.giveBack();
  }

  private void close() {
    block.close();
    addresses.close();
  }
}
