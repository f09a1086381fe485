package org.torchfits.zone;

/** What is found of the values of a column, or of two, in some rows. */
abstract sealed class ColumnFold permits NumberFold, SkyFold {
  final ZoneKind kind;

  int rows;

  /** Rows without a value; of points, what {@link SkyFold} makes of it. */
  int nulls;

  /** The last rows that were added, as {@link ZoneFold} counts them. */
  int group;

  ColumnFold(ZoneKind kind) {
    this.kind = kind;
  }

  /** As many longs as the kind has. */
  abstract void copyLow(long[] into, int at);

  /** Likewise. */
  abstract void copyHigh(long[] into, int at);

  /** Adds what was found in other rows; it is of the same kind. */
  abstract void add(ColumnFold other);
}
