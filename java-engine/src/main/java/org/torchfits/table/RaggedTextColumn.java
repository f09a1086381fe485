package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;

/** Strings of which each has its own length, in the heap. */
final class RaggedTextColumn extends HeapColumn {
  private final Abi abi;
  private final ColumnType type;
  private @Nullable Strings strings;

  RaggedTextColumn(TableFile file, Column column, long rows, Abi abi) {
    super(file, column, rows, abi);
    this.abi = abi;
    this.type = ColumnType.of(column);
  }

  private Strings strings() {
    return Objects.requireNonNull(strings);
  }

  @Override
  void allocateElements(long count) {
    strings = new Strings(this, abi, rows(), count);
  }

  @Override
  boolean decodesInPlace() {
    return true;
  }

  @Override
  void readElements(long row, long fileOffset, long bytes) {
    file().read(fileOffset, strings().stored().asSlice(elementsBefore(row), bytes));
  }

  @Override
  void decode(long row, long done, MemorySegment raw, long offset, long count) {
    MemorySegment.copy(raw, offset, strings().stored(), elementsBefore(row) + done, count);
  }

  @Override
  void finishRows(long first, long last) {
    for (long row = first; row < last; row++) {
      strings().measure(row, elementsBefore(row), countOf(row));
    }
  }

  @Override
  @Nullable Stage nextStage() {
    Stage fetch = super.nextStage();
    return fetch != null ? fetch : strings().compaction(this::elementsBefore);
  }

  @Override
  ColumnType type() {
    return type;
  }

  @Override
  List<DlpackTensor> blocks() {
    return strings().blocks();
  }

  @Override
  public void close() {
    super.close();
    if (strings != null) {
      strings.close();
    }
  }
}
