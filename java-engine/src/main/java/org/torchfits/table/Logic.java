package org.torchfits.table;

import java.util.List;
import java.util.function.BiConsumer;
import org.torchfits.table.Evaluation.TruthNode;
import org.torchfits.zone.Zones;

/** Nodes that make truth values of truth values. */
final class Logic {
  private Logic() {}

  /** The same truth value for all rows. */
  static TruthNode constant(byte truth) {
    return new ZonedNode(
        e -> e.constant(truth), zones -> Possible.same(Possible.only(truth), zones.count()));
  }

  /** All parts hold. Those behind one that holds for no row at hand are not evaluated. */
  static TruthNode all(List<TruthNode> parts) {
    TruthNode node =
        e -> {
          byte[] truths = parts.getFirst().of(e);
          for (int i = 1; i < parts.size() && Truth.anyPossible(truths, e.count()); i++) {
            byte[] part = parts.get(i).of(e);
            Truth.and(truths, part, e.count());
            e.giveBack(part);
          }
          return truths;
        };
    return new ZonedNode(node, zones -> possible(parts, zones, Possible::and));
  }

  private static byte[] possible(
      List<TruthNode> parts, Zones zones, BiConsumer<byte[], byte[]> join) {
    byte[] sets = parts.getFirst().possible(zones);
    for (TruthNode part : parts.subList(1, parts.size())) {
      join.accept(sets, part.possible(zones));
    }
    return sets;
  }

  /** Any part holds. Those behind one that holds for all rows at hand are not evaluated. */
  static TruthNode any(List<TruthNode> parts) {
    TruthNode node =
        e -> {
          byte[] truths = parts.getFirst().of(e);
          for (int i = 1; i < parts.size() && Truth.anyDoubtful(truths, e.count()); i++) {
            byte[] part = parts.get(i).of(e);
            Truth.or(truths, part, e.count());
            e.giveBack(part);
          }
          return truths;
        };
    return new ZonedNode(node, zones -> possible(parts, zones, Possible::or));
  }

  static TruthNode not(TruthNode operand) {
    TruthNode node =
        e -> {
          byte[] truths = operand.of(e);
          Truth.not(truths, e.count());
          return truths;
        };
    return new ZonedNode(
        node,
        zones -> {
          byte[] sets = operand.possible(zones);
          Possible.not(sets);
          return sets;
        });
  }

  static TruthNode isUnknown(TruthNode operand) {
    TruthNode node =
        e -> {
          byte[] truths = operand.of(e);
          Truth.isUnknown(truths, e.count());
          return truths;
        };
    return new ZonedNode(
        node,
        zones -> {
          byte[] sets = operand.possible(zones);
          Possible.isUnknown(sets);
          return sets;
        });
  }

  static TruthNode equal(TruthNode left, TruthNode right) {
    TruthNode node =
        e -> {
          byte[] truths = left.of(e);
          byte[] others = right.of(e);
          Truth.equal(truths, others, e.count());
          e.giveBack(others);
          return truths;
        };
    return new ZonedNode(node, zones -> possible(List.of(left, right), zones, Possible::equal));
  }
}
