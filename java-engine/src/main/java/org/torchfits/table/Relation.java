package org.torchfits.table;

/** How two values compare. */
enum Relation {
  LESS("<", true, false, false),
  LESS_OR_EQUAL("<=", true, true, false),
  EQUAL("=", false, true, false),
  NOT_EQUAL("!=", true, false, true),
  GREATER_OR_EQUAL(">=", false, true, true),
  GREATER(">", false, false, true);

  private final String symbol;
  private final boolean holdsBelow;
  private final boolean holdsAtEqual;
  private final boolean holdsAbove;

  Relation(String symbol, boolean holdsBelow, boolean holdsAtEqual, boolean holdsAbove) {
    this.symbol = symbol;
    this.holdsBelow = holdsBelow;
    this.holdsAtEqual = holdsAtEqual;
    this.holdsAbove = holdsAbove;
  }

  String symbol() {
    return symbol;
  }

  /** Whether it holds where the left value is less than the right one. */
  boolean holdsBelow() {
    return holdsBelow;
  }

  /** Whether it holds between equal values. */
  boolean holdsAtEqual() {
    return holdsAtEqual;
  }

  /** Whether it holds where the left value is greater than the right one. */
  boolean holdsAbove() {
    return holdsAbove;
  }

  /** The relation of the right value to the left one. */
  Relation reversed() {
    return switch (this) {
      case LESS -> GREATER;
      case LESS_OR_EQUAL -> GREATER_OR_EQUAL;
      case EQUAL, NOT_EQUAL -> this;
      case GREATER_OR_EQUAL -> LESS_OR_EQUAL;
      case GREATER -> LESS;
    };
  }
}
