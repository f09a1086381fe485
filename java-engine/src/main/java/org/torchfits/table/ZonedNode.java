package org.torchfits.table;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.torchfits.table.Evaluation.IntegerNode;
import org.torchfits.table.Evaluation.RealNode;
import org.torchfits.table.Evaluation.TruthNode;
import org.torchfits.zone.IntegerBounds;
import org.torchfits.zone.RealBounds;
import org.torchfits.zone.Zones;

/**
 * Truth values of which can be told which of them there may be in zones.
 *
 * @param node that evaluates them
 * @param values as {@link TruthNode#possible} has them; null for any
 */
record ZonedNode(TruthNode node, Function<Zones, byte @Nullable []> values) implements TruthNode {
  /**
   * Truth values that follow from real numbers.
   *
   * @param values which there may be, from the bounds of the numbers
   */
  static TruthNode ofReals(TruthNode node, RealNode numbers, Function<RealBounds, byte[]> values) {
    return new ZonedNode(
        node,
        zones -> {
          RealBounds bounds = numbers.bounds(zones);
          return bounds == null ? null : values.apply(bounds);
        });
  }

  /** Likewise, from integers. */
  static TruthNode ofIntegers(
      TruthNode node, IntegerNode numbers, Function<IntegerBounds, byte[]> values) {
    return new ZonedNode(
        node,
        zones -> {
          IntegerBounds bounds = numbers.bounds(zones);
          return bounds == null ? null : values.apply(bounds);
        });
  }

  @Override
  public byte[] of(Evaluation evaluation) {
    return node.of(evaluation);
  }

  @Override
  public byte[] possible(Zones zones) {
    byte[] possible = values.apply(zones);
    return possible == null ? TruthNode.super.possible(zones) : possible;
  }
}
