package org.torchfits.zone;

import java.util.Arrays;

/**
 * What is known of a column, or of two, in all zones. Guarded by the lock of its {@link ZoneMap}.
 */
final class ColumnZones {
  /** In {@link #nulls}: nothing is known of the zone. */
  static final int UNKNOWN = -1;

  final ZoneKind kind;

  /** Of each zone what {@link ColumnFold#nulls} was. */
  final int[] nulls;

  /** Of each zone as many longs as the kind has. */
  final long[] low;

  final long[] high;

  /** Zones of which something is known. */
  int known;

  ColumnZones(ZoneKind kind, int zones) {
    this.kind = kind;
    this.nulls = new int[zones];
    this.low = new long[zones * kind.lowWords()];
    this.high = new long[zones * kind.highWords()];
    Arrays.fill(nulls, UNKNOWN);
  }

  boolean isKnown(int zone) {
    return nulls[zone] != UNKNOWN;
  }

  /** Notes what was found of all rows of a zone. */
  void note(int zone, ColumnFold found) {
    if (!isKnown(zone)) {
      known++;
    }
    found.copyLow(low, zone * kind.lowWords());
    found.copyHigh(high, zone * kind.highWords());
    nulls[zone] = found.nulls;
  }

  /** Counts the known zones, where {@link #nulls} was filled from elsewhere. */
  void count() {
    known = (int) Arrays.stream(nulls).filter(count -> count != UNKNOWN).count();
  }

  long bytes() {
    return (long) nulls.length * kind.bytes();
  }
}
