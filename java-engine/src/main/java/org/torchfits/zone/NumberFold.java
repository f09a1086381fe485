package org.torchfits.zone;

/** The least and the greatest number of a column in some rows. */
final class NumberFold extends ColumnFold {
  private static final long INFINITY = FoldKernels.order(Double.POSITIVE_INFINITY);
  private static final long MINUS_INFINITY = FoldKernels.order(Double.NEGATIVE_INFINITY);

  /** The least value; where there is none, one that is greater than {@link #high}. */
  private long low;

  private long high;
  private final long[] extremes = new long[2];

  NumberFold(ZoneKind kind) {
    super(kind);
    this.low = kind == ZoneKind.REAL ? INFINITY : Long.MAX_VALUE;
    this.high = kind == ZoneKind.REAL ? MINUS_INFINITY : Long.MIN_VALUE;
  }

  private void widen(long least, long greatest) {
    low = Math.min(low, least);
    high = Math.max(high, greatest);
  }

  /** Adds numbers; a NaN is none. */
  void addReals(double[] values, int n) {
    FoldKernels.extremes(values, n, extremes);
    if (extremes[0] < MINUS_INFINITY || extremes[1] > INFINITY) {
      nulls += FoldKernels.extremesOfNumbers(values, n, extremes);
    }
    widen(extremes[0], extremes[1]);
    rows += n;
  }

  /**
   * @param absent 1 where there is no value, else 0
   */
  void addIntegers(long[] values, byte[] absent, int n) {
    int missing = FoldKernels.count(absent, n);
    if (missing == 0) {
      FoldKernels.extremes(values, n, extremes);
      widen(extremes[0], extremes[1]);
    } else {
      for (int i = 0; i < n; i++) {
        if (absent[i] == 0) {
          widen(values[i], values[i]);
        }
      }
    }
    nulls += missing;
    rows += n;
  }

  /**
   * Adds logical values as 0 and 1.
   *
   * @param truths 0 for false, 3 for true, 1 for no value
   */
  void addTruths(byte[] truths, int n) {
    for (int i = 0; i < n; i++) {
      if (truths[i] == 1) {
        nulls++;
      } else {
        widen(truths[i] >> 1, truths[i] >> 1);
      }
    }
    rows += n;
  }

  @Override
  void copyLow(long[] into, int at) {
    into[at] = low;
  }

  @Override
  void copyHigh(long[] into, int at) {
    into[at] = high;
  }

  @Override
  void add(ColumnFold other) {
    NumberFold numbers = (NumberFold) other;
    widen(numbers.low, numbers.high);
    nulls += other.nulls;
    rows += other.rows;
  }
}
