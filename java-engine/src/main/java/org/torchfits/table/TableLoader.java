package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.NativeMemoryException;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.work.Job;
import org.torchfits.work.Task;
import org.torchfits.work.Workers;

/**
 * Reads columns of a table: blocks of rows are spread over the engine's threads, and each column is
 * decoded out of a block straight into its own.
 *
 * <p>The task gives a block of INT64: the addresses of the blocks of the result, which the caller
 * owns with it. The first one is UINT8, UTF-8 text with a line for each column: {@link
 * ColumnType.Kind}, the shape with commas between the axes, and the name, separated by tabs. Behind
 * it come the blocks of each column.
 */
public final class TableLoader {
  /** Up to this one thread is done before a second one, woken for it, would have been of help. */
  private static final long SMALL_BYTES = 512 << 10;

  /** Likewise, of rows that are decompressed. */
  private static final long SMALL_COMPRESSED_BYTES = 64 << 10;

  private final TableFile file;
  private final Rows rows;
  private final Abi abi;
  private final List<ColumnReader> columns = new ArrayList<>();
  private final RowFetcher fetcher;

  /** Reads nothing yet; {@link #close()} closes the file. */
  TableLoader(TableFile file, Rows rows, Abi abi) {
    this.file = file;
    this.rows = rows;
    this.abi = abi;
    this.fetcher = new RowFetcher(file, rows);
  }

  /**
   * The task of reading columns.
   *
   * @param file is closed with the task
   * @param columns in the order of the result
   */
  public static Task load(TableFile file, List<Column> columns, Rows rows, Abi abi) {
    TableLoader loader = new TableLoader(file, rows, abi);
    try {
      loader.open(columns);
      return Task.ofTwoJobs(loader.rowsJob(), loader::next, loader::close);
    } catch (RuntimeException | Error failure) {
      loader.close();
      throw failure;
    }
  }

  /** The jobs of reading columns, where other jobs came before. */
  Task.Second begin(List<Column> wanted) {
    open(wanted);
    return new Task.Second(rowsJob(), this::next);
  }

  /** Likewise, of the rows that a sieve found. */
  Task.Second begin(List<Column> wanted, RowSieve sieve) {
    open(wanted);
    List<ColumnReader> inRows = columns.stream().filter(ColumnReader::needsRows).toList();
    Job job = sieve.reading(inRows);
    Workers.share(job);
    return new Task.Second(job, this::next);
  }

  private void open(List<Column> wanted) {
    TableLayout layout = file.layout();
    file.requireRows(rows);
    if (rows.count() > 0 && wanted.stream().anyMatch(TableLoader::isInHeap)) {
      file.requireInFile(layout.heapOffset() + layout.heapBytes());
    }
    for (Column column : wanted) {
      String problem = column.problem();
      if (problem != null) {
        throw layout.bad(ErrorKind.BAD_HEADER, column, problem);
      }
    }
    for (Column column : wanted) {
      columns.add(reader(column));
    }
  }

  private static boolean isInHeap(Column column) {
    return column.form() instanceof ColumnForm form && form.isDescriptor();
  }

  private ColumnReader reader(Column column) {
    TableLayout layout = file.layout();
    long count = rows.count();
    boolean isText = column.form().letter() == 'A';
    if (isInHeap(column)) {
      return isText
          ? new RaggedTextColumn(file, column, count, abi)
          : new RaggedColumn(file, column, count, abi);
    }
    if (isText) {
      return new TextColumn(layout, column, count, abi);
    }
    if (column.form() instanceof AsciiForm) {
      return new AsciiColumn(layout, column, count, abi);
    }
    return column.form().letter() == 'X'
        ? new BitColumn(layout, column, count, abi)
        : new NumberColumn(layout, column, count, abi);
  }

  private Job rowsJob() {
    List<ColumnGroup> groups = ColumnGroup.of(columns, fetcher.gapBytes());
    long perPiece = fetcher.rowsOfPiece(groups.stream().mapToLong(ColumnGroup::bytes));
    // Columns of a compressed table have nothing to do with each other.
    List<List<ColumnGroup>> shares =
        isCompressed() ? groups.stream().map(List::of).toList() : List.of(groups);
    long pieces = groups.isEmpty() ? 0 : Math.ceilDiv(rows.count(), perPiece) * shares.size();
    Job job =
        new Job(
            pieces,
            piece -> {
              List<ColumnGroup> share = shares.get((int) (piece % shares.size()));
              readRows(share, piece / shares.size() * perPiece, perPiece);
            });
    return share(job, groups.stream().mapToLong(ColumnGroup::bytes).sum());
  }

  private boolean isCompressed() {
    return file.compressed() != null;
  }

  /**
   * @param rowBytes that are read of each row
   */
  private Job share(Job job, long rowBytes) {
    long small = isCompressed() ? SMALL_COMPRESSED_BYTES : SMALL_BYTES;
    if (job.pieces() > 1 && rows.count() > small / Math.max(1, rowBytes)) {
      Workers.share(job);
    }
    return job;
  }

  private void readRows(List<ColumnGroup> groups, long first, long most) {
    int count = (int) Math.min(most, rows.count() - first);
    for (ColumnGroup group : groups) {
      try (RowBuffers buffers = new RowBuffers()) {
        RowBlock block = fetcher.fetch(group.fields(), first, count, buffers);
        for (ColumnReader column : group.columns()) {
          column.read(block, block.offset() + column.column().offset() - group.offset(), first);
        }
      }
    }
  }

  /** The stages that come now, or the result if none is left. */
  private Task.Second next() {
    List<ColumnReader.Stage> stages =
        columns.stream().map(ColumnReader::nextStage).filter(Objects::nonNull).toList();
    if (stages.isEmpty()) {
      return new Task.Second(new Job(0, piece -> {}), result());
    }
    long[] ends = new long[stages.size()];
    long pieces = 0;
    for (int i = 0; i < ends.length; i++) {
      pieces += stages.get(i).pieces();
      ends[i] = pieces;
    }
    Job job = new Job(pieces, piece -> runStage(stages, ends, piece));
    Workers.share(job);
    return new Task.Second(job, this::next);
  }

  private static void runStage(List<ColumnReader.Stage> stages, long[] ends, long piece) {
    int stage = 0;
    while (piece >= ends[stage]) {
      stage++;
    }
    stages.get(stage).work().run(stage == 0 ? piece : piece - ends[stage - 1]);
  }

  private Task.Result result() {
    List<DlpackTensor> blocks = new ArrayList<>();
    DlpackTensor text = text();
    blocks.add(text);
    columns.forEach(column -> blocks.addAll(column.blocks()));
    try {
      DlpackTensor addresses = allocate(ElementType.INT64, blocks.size());
      long[] numbers = blocks.stream().mapToLong(DlpackTensor::address).toArray();
      MemorySegment.copy(numbers, 0, addresses.elements(), JAVA_LONG, 0, numbers.length);
      return new Task.Result(addresses, blocks);
    } catch (RuntimeException | Error failure) {
      text.close();
      throw failure;
    }
  }

  private DlpackTensor text() {
    StringBuilder lines = new StringBuilder();
    for (ColumnReader column : columns) {
      ColumnType type = column.type();
      lines.append(type.kind()).append('\t').append(type.shapeText(rows.count())).append('\t');
      lines.append(column.column().name()).append('\n');
    }
    byte[] bytes = lines.toString().getBytes(UTF_8);
    DlpackTensor text = allocate(ElementType.UINT8, bytes.length);
    MemorySegment.copy(bytes, 0, text.elements(), JAVA_BYTE, 0, bytes.length);
    return text;
  }

  private DlpackTensor allocate(ElementType type, long length) {
    try {
      return DlpackTensor.allocate(abi, type, length);
    } catch (NativeMemoryException refused) {
      throw new FitsException(
          ErrorKind.OUT_OF_MEMORY, file.layout().place() + ": " + refused.getMessage());
    }
  }

  void close() {
    columns.forEach(ColumnReader::close);
    file.close();
  }
}
