package org.torchfits.table;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.source.Scratch;

/** Numbers, logical values or bits of which each row has its own number. */
final class RaggedColumn extends HeapColumn {
  private final Abi abi;
  private final ColumnType type;

  /** Null for bits. */
  private final @Nullable ElementDecoder decoder;

  private @Nullable DlpackTensor values;

  RaggedColumn(TableFile file, Column column, long rows, Abi abi) {
    super(file, column, rows, abi);
    this.abi = abi;
    this.type = ColumnType.of(column);
    char letter = column.form().letter();
    this.decoder = letter == 'X' ? null : ElementDecoder.of(column, letter);
  }

  @Override
  void allocateElements(long count) {
    values = allocate(abi, type.elements(), count);
  }

  private MemorySegment target() {
    return Objects.requireNonNull(values).elements();
  }

  private ElementType elements() {
    return type.elements();
  }

  @Override
  boolean decodesInPlace() {
    return decoder != null && decoder.isInPlace();
  }

  @Override
  void readElements(long row, long fileOffset, long bytes) {
    ElementDecoder swap = Objects.requireNonNull(decoder);
    long place = elementsBefore(row) * elements().bytes();
    // Chunks that stay in the core's cache until they are decoded where they are.
    for (long done = 0; done < bytes; done += Scratch.BYTES) {
      long n = Math.min(Scratch.BYTES, bytes - done);
      file().read(fileOffset + done, target().asSlice(place + done, n));
      int count = (int) (n / elements().bytes());
      swap.decode(target(), place + done, target(), place + done, count);
    }
  }

  @Override
  void decode(long row, long done, MemorySegment raw, long offset, long count) {
    long place = (elementsBefore(row) + done) * elements().bytes();
    if (decoder == null) {
      BitColumn.decode(raw, offset, target(), place, (int) count);
    } else {
      decoder.decode(raw, offset, target(), place, (int) count);
    }
  }

  @Override
  ColumnType type() {
    return type;
  }

  @Override
  List<DlpackTensor> blocks() {
    return List.of(Objects.requireNonNull(values), offsets());
  }

  @Override
  public void close() {
    super.close();
    if (values != null) {
      values.close();
    }
  }
}
