package org.torchfits.table;

/**
 * Integers of some rows. Those that stand for unsigned ones are less by 2^63: their order stays.
 */
final class Integers {
  final long[] values = new long[Evaluation.ROWS];

  /** 1 where there is no value, else 0. */
  final byte[] nulls = new byte[Evaluation.ROWS];
}
