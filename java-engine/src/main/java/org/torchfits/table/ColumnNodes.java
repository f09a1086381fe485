package org.torchfits.table;

import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.torchfits.table.Evaluation.IntegerNode;
import org.torchfits.table.Evaluation.RealNode;
import org.torchfits.table.Evaluation.TruthNode;
import org.torchfits.zone.IntegerBounds;
import org.torchfits.zone.RealBounds;
import org.torchfits.zone.Zones;

/** Nodes of what stands in a column, of which zones may be known. */
final class ColumnNodes {
  private ColumnNodes() {}

  /** Real numbers. */
  record Reals(int column) implements RealNode {
    @Override
    public double[] of(Evaluation evaluation) {
      return evaluation.reals(column);
    }

    @Override
    public @Nullable RealBounds bounds(Zones zones) {
      return zones.reals(column);
    }
  }

  /** Integers. */
  record Wholes(int column) implements IntegerNode {
    @Override
    public Integers of(Evaluation evaluation) {
      return evaluation.integers(column);
    }

    @Override
    public @Nullable IntegerBounds bounds(Zones zones) {
      return zones.integers(column);
    }
  }

  /** The real numbers nearest to integers. */
  record Converted(IntegerNode node, boolean unsigned) implements RealNode {
    @Override
    public double[] of(Evaluation evaluation) {
      Integers numbers = node.of(evaluation);
      double[] reals = evaluation.borrowReals();
      RealKernels.fromIntegers(numbers, unsigned, reals, evaluation.count());
      evaluation.giveBack(numbers);
      return reals;
    }

    /** To round changes no order. */
    @Override
    public @Nullable RealBounds bounds(Zones zones) {
      IntegerBounds bounds = node.bounds(zones);
      return bounds == null
          ? null
          : new RealBounds(reals(bounds.low()), reals(bounds.high()), bounds.nulls());
    }

    private double[] reals(long[] numbers) {
      return LongStream.of(numbers)
          .mapToDouble(number -> RealKernels.fromInteger(number, unsigned))
          .toArray();
    }
  }

  /** Logical values. */
  record Truths(int column) implements TruthNode {
    @Override
    public byte[] of(Evaluation evaluation) {
      return evaluation.truths(column);
    }

    @Override
    public byte[] possible(Zones zones) {
      IntegerBounds bounds = zones.integers(column);
      return bounds == null ? TruthNode.super.possible(zones) : Possible.truths(bounds);
    }
  }
}
