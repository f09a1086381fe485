package org.torchfits.table;

import java.util.ArrayList;
import java.util.List;
import org.torchfits.dlpack.ElementType;

/**
 * Columns of single numbers that stand near together in the row, on their way into a {@link
 * NumericalBlock}: what {@link NumberColumn} and {@link FloatLoader} make of them, without whole
 * columns in between.
 */
final class NumericalColumns extends RowReader {
  /**
   * A column.
   *
   * @param distance from the first byte of all columns, in bytes
   */
  private record Member(NumberDecoder decoder, FloatLoader loader, long distance) {
    private void load(RowBlock rows, long field, NumericalBlock.Lanes lanes, float[] into) {
      int at = Math.toIntExact(field);
      int step = Math.toIntExact(rows.stride());
      ElementType plain = decoder.nullValue() == null ? decoder.plainType() : null;
      switch (plain) {
        case FLOAT32 -> FrameKernels.loadFloats(rows.bytes(), at, step, rows.rows(), into);
        case FLOAT64 -> FrameKernels.loadDoubles(rows.bytes(), at, step, rows.rows(), into);
        case INT16 -> FrameKernels.loadShorts(rows.bytes(), at, step, rows.rows(), into);
        case INT32 -> FrameKernels.loadInts(rows.bytes(), at, step, rows.rows(), into);
        case INT64 -> FrameKernels.loadLongs(rows.bytes(), at, step, rows.rows(), into);
        case null, default -> {
          decoder.decode(rows, field, lanes.decoded(), 0);
          loader.load(lanes.decoded(), 0, rows.rows(), lanes.loader(), into);
        }
      }
    }
  }

  /**
   * Columns that are neighbours in the block.
   *
   * @param first of them
   */
  private record Neighbours(int first, List<Member> members) {
    private int end() {
      return first + members.size();
    }
  }

  private final FieldGroup fields;
  private final NumericalBlock block;
  private final List<Neighbours> all = new ArrayList<>();

  /**
   * @param fields with columns as {@link WantedColumns#numbers} has them
   * @param order of the columns in the block
   */
  NumericalColumns(FieldGroup fields, List<Column> order, NumericalBlock block) {
    this.fields = fields;
    this.block = block;
    for (int place = 0; place < order.size(); place++) {
      Column column = order.get(place);
      if (!fields.columns().contains(column)) {
        continue;
      }
      if (all.isEmpty() || all.getLast().end() != place) {
        all.add(new Neighbours(place, new ArrayList<>()));
      }
      all.getLast().members.add(member(column));
    }
  }

  private Member member(Column column) {
    NumberDecoder decoder = new NumberDecoder(column, 1);
    FloatLoader loader = new FloatLoader(decoder.type(), decoder.nullValue());
    return new Member(decoder, loader, column.offset() - fields.offset());
  }

  /** What is read for them. */
  FieldGroup fields() {
    return fields;
  }

  @Override
  List<Column> columns() {
    return fields.columns();
  }

  @Override
  long offset() {
    return fields.offset();
  }

  @Override
  long bytes() {
    return fields.bytes();
  }

  @Override
  void read(RowBlock rows, long field, long first) {
    NumericalBlock.Lanes lanes = NumericalBlock.Lanes.borrow();
    for (Neighbours one : all) {
      block.put(one.first, one.end(), first, rows.rows(), source(one, rows, field), lanes);
    }
    lanes.giveBack();
  }

  /**
   * Takes a run of the block's sample.
   *
   * @see #read for the other parameters
   */
  void sample(RowBlock rows, long field, int run) {
    NumericalBlock.Lanes lanes = NumericalBlock.Lanes.borrow();
    for (Neighbours one : all) {
      block.sample(one.first, one.end(), run, source(one, rows, field), lanes);
    }
    lanes.giveBack();
  }

  private static NumericalBlock.Source source(Neighbours neighbours, RowBlock rows, long field) {
    return (column, row, count, lanes, into) -> {
      Member member = neighbours.members.get(column - neighbours.first);
      long begin = field + member.distance + row * rows.stride();
      RowBlock some = new RowBlock(rows.bytes(), begin, rows.stride(), count);
      member.load(some, begin, lanes, into);
    };
  }

  /** The block is not theirs. */
  @Override
  public void close() {}
}
