package org.torchfits.table;

import java.util.List;
import org.torchfits.table.Evaluation.TruthNode;

/** Nodes that make truth values of truth values. */
final class Logic {
  private Logic() {}

  /** All parts hold. Those behind one that holds for no row at hand are not evaluated. */
  static TruthNode all(List<TruthNode> parts) {
    return e -> {
      byte[] truths = parts.getFirst().of(e);
      for (int i = 1; i < parts.size() && Truth.anyPossible(truths, e.count()); i++) {
        byte[] part = parts.get(i).of(e);
        Truth.and(truths, part, e.count());
        e.giveBack(part);
      }
      return truths;
    };
  }

  /** Any part holds. Those behind one that holds for all rows at hand are not evaluated. */
  static TruthNode any(List<TruthNode> parts) {
    return e -> {
      byte[] truths = parts.getFirst().of(e);
      for (int i = 1; i < parts.size() && Truth.anyDoubtful(truths, e.count()); i++) {
        byte[] part = parts.get(i).of(e);
        Truth.or(truths, part, e.count());
        e.giveBack(part);
      }
      return truths;
    };
  }

  static TruthNode not(TruthNode operand) {
    return e -> {
      byte[] truths = operand.of(e);
      Truth.not(truths, e.count());
      return truths;
    };
  }

  static TruthNode isUnknown(TruthNode operand) {
    return e -> {
      byte[] truths = operand.of(e);
      Truth.isUnknown(truths, e.count());
      return truths;
    };
  }

  static TruthNode equal(TruthNode left, TruthNode right) {
    return e -> {
      byte[] truths = left.of(e);
      byte[] others = right.of(e);
      Truth.equal(truths, others, e.count());
      e.giveBack(others);
      return truths;
    };
  }
}
