package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
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
 * it come the blocks of each column. Last, if any numbers are put side by side, come those of the
 * {@link NumericalBlock}, whose line has {@value #TOGETHER} and the names with NUL characters
 * between them.
 */
public final class TableLoader {
  /** Up to this one thread is done before a second one, woken for it, would have been of help. */
  private static final long SMALL_BYTES = 512 << 10;

  /** Likewise, of rows that are decompressed. */
  private static final long SMALL_COMPRESSED_BYTES = 64 << 10;

  /** Runs of a sample that are a piece of work. */
  private static final int RUNS = 32;

  private static final String TOGETHER = "TOGETHER";

  private final TableFile file;
  private final Rows rows;
  private final Abi abi;
  private final List<ColumnReader> columns = new ArrayList<>();

  /** Those of the columns, and of the numbers that are put side by side. */
  private final List<RowReader> readers = new ArrayList<>();

  private final List<NumericalColumns> numbers = new ArrayList<>();
  private List<Column> together = List.of();
  private @Nullable NumericalBlock block;
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
   */
  public static Task load(TableFile file, WantedColumns columns, Rows rows, Abi abi) {
    TableLoader loader = new TableLoader(file, rows, abi);
    try {
      return Task.of(loader.begin(columns), loader::close);
    } catch (RuntimeException | Error failure) {
      loader.close();
      throw failure;
    }
  }

  /** The jobs of reading columns, where other jobs came before. */
  Task.Second begin(WantedColumns wanted) {
    open(wanted);
    return block != null && isWorthSample(block) ? sampling(block) : reading();
  }

  private boolean isWorthSample(NumericalBlock filled) {
    return filled.isWorthSample()
        && numbers.stream().allMatch(reader -> fetcher.isDense(reader.bytes()));
  }

  private Task.Second sampling(NumericalBlock filled) {
    filled.beginSample();
    long pieces = Math.ceilDiv(filled.runs(), RUNS);
    Job.Piece work = piece -> sample(filled, (int) piece * RUNS);
    Job job = new RowReader.Stage(pieces, work).shared();
    return new Task.Second(job, () -> new Task.Second(filled.endSample().shared(), this::reading));
  }

  private void sample(NumericalBlock filled, int first) {
    try (RowBuffers buffers = new RowBuffers()) {
      for (int run = first; run < Math.min(first + RUNS, filled.runs()); run++) {
        for (NumericalColumns columnsOfRun : numbers) {
          long row = filled.runRow(run);
          RowBlock fetched = fetcher.fetch(columnsOfRun.fields(), row, NumericalBlock.RUN, buffers);
          columnsOfRun.sample(fetched, fetched.offset(), run);
        }
      }
    }
  }

  private Task.Second reading() {
    return new Task.Second(rowsJob(), this::next);
  }

  /** Likewise, of the rows that a sieve found. */
  Task.Second begin(WantedColumns wanted, RowSieve sieve) {
    open(wanted);
    List<RowReader> inRows = readers.stream().filter(RowReader::needsRows).toList();
    Job job = sieve.reading(inRows);
    Workers.share(job);
    return new Task.Second(job, this::next);
  }

  private void open(WantedColumns wanted) {
    TableLayout layout = file.layout();
    file.requireRows(rows);
    if (rows.count() > 0 && wanted.all().stream().anyMatch(TableLoader::isInHeap)) {
      file.requireInFile(layout.heapOffset() + layout.heapBytes());
    }
    for (Column column : wanted.all()) {
      String problem = column.problem();
      if (problem != null) {
        throw layout.bad(ErrorKind.BAD_HEADER, column, problem);
      }
    }
    for (Column column : wanted.apart()) {
      ColumnReader reader = reader(column);
      columns.add(reader);
      readers.add(reader);
    }
    openTogether(wanted.together());
    readers.addAll(numbers);
  }

  private void openTogether(List<Column> wanted) {
    if (!wanted.isEmpty()) {
      together = wanted;
      String place = file.layout().place() + ": ";
      NumericalBlock filled = new NumericalBlock(rows.count(), wanted.size(), abi, place);
      block = filled;
      for (FieldGroup fields : FieldGroup.of(wanted, fetcher.gapBytes())) {
        numbers.add(new NumericalColumns(fields, wanted, filled));
      }
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
    List<ColumnGroup> groups = ColumnGroup.of(readers, fetcher.gapBytes());
    long perPiece = fetcher.rowsOfPiece(groups.stream().mapToLong(group -> group.fields().bytes()));
    // Columns of a compressed table have nothing to do with each other. What a piece of a frame
    // found of numbers must not be found again since bytes of other columns were not there yet.
    boolean isApart = isCompressed() || block != null;
    List<List<ColumnGroup>> shares =
        isApart ? groups.stream().map(List::of).toList() : List.of(groups);
    long pieces = groups.isEmpty() ? 0 : Math.ceilDiv(rows.count(), perPiece) * shares.size();
    Job job =
        new Job(
            pieces,
            piece -> {
              List<ColumnGroup> share = shares.get((int) (piece % shares.size()));
              readRows(share, piece / shares.size() * perPiece, perPiece);
            });
    return share(job, groups.stream().mapToLong(group -> group.fields().bytes()).sum());
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
        RowBlock fetched = fetcher.fetch(group.fields(), first, count, buffers);
        for (RowReader reader : group.readers()) {
          long distance = reader.offset() - group.fields().offset();
          reader.read(fetched, fetched.offset() + distance, first);
        }
      }
    }
  }

  /** The stages that come now, or the result if none is left. */
  private Task.Second next() {
    List<RowReader.Stage> stages = stages();
    if (stages.isEmpty()) {
      return new Task.Second(new Job(0, piece -> {}), result());
    }
    long[] ends = new long[stages.size()];
    long pieces = 0;
    for (int i = 0; i < ends.length; i++) {
      pieces += stages.get(i).pieces();
      ends[i] = pieces;
    }
    Job.Piece work = piece -> runStage(stages, ends, piece);
    return new Task.Second(new RowReader.Stage(pieces, work).shared(), this::next);
  }

  private List<RowReader.Stage> stages() {
    List<RowReader.Stage> stages = new ArrayList<>();
    for (RowReader reader : readers) {
      RowReader.Stage stage = reader.nextStage();
      if (stage != null) {
        stages.add(stage);
      }
    }
    RowReader.Stage statistics = block == null ? null : block.nextStage();
    if (statistics != null) {
      stages.add(statistics);
    }
    return stages;
  }

  private static void runStage(List<RowReader.Stage> stages, long[] ends, long piece) {
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
    if (block != null) {
      blocks.addAll(block.blocks());
    }
    try {
      return new Task.Result(Blocks.addresses(blocks, abi), blocks);
    } catch (NativeMemoryException refused) {
      text.close();
      throw outOfMemory(refused);
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
    if (block != null) {
      lines.append(TOGETHER).append('\t').append(rows.count()).append(',').append(together.size());
      String names = together.stream().map(Column::name).collect(Collectors.joining("\0"));
      lines.append('\t').append(names).append('\n');
    }
    byte[] bytes = lines.toString().getBytes(UTF_8);
    try {
      DlpackTensor text = DlpackTensor.allocate(abi, ElementType.UINT8, bytes.length);
      MemorySegment.copy(bytes, 0, text.elements(), JAVA_BYTE, 0, bytes.length);
      return text;
    } catch (NativeMemoryException refused) {
      throw outOfMemory(refused);
    }
  }

  private FitsException outOfMemory(NativeMemoryException refused) {
    return new FitsException(
        ErrorKind.OUT_OF_MEMORY, file.layout().place() + ": " + refused.getMessage());
  }

  void close() {
    readers.forEach(RowReader::close);
    if (block != null) {
      block.close();
    }
    file.close();
  }
}
