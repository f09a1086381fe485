package org.torchfits.image;

import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.torchfits.tile.CachedTile;

/** The leases of some tiles of a box; ended together. One thread's. */
final class TileLeases implements AutoCloseable {
  private final long[] numbers;
  private final @Nullable CachedTile[] leases;

  /** Those that others were decoding. */
  private final boolean[] isOthers;

  /** Those of them that they gave up. */
  private final boolean[] isGivenUp;

  /**
   * No leases yet.
   *
   * @param numbers of the tiles in the box
   */
  TileLeases(long[] numbers) {
    this.numbers = numbers;
    this.leases = new @Nullable CachedTile[numbers.length];
    this.isOthers = new boolean[numbers.length];
    this.isGivenUp = new boolean[numbers.length];
  }

  /**
   * Claims the tiles.
   *
   * @param claim gives the lease of a tile; null if it is not kept
   */
  void claim(LongFunction<@Nullable CachedTile> claim) {
    for (int place = 0; place < numbers.length; place++) {
      leases[place] = claim.apply(numbers[place]);
    }
  }

  long number(int place) {
    return numbers[place];
  }

  /** The lease of a tile that is to be decoded; null if it is not kept. */
  @Nullable CachedTile own(int place) {
    return leases[place];
  }

  /** The lease of a tile that is kept. */
  CachedTile lease(int place) {
    CachedTile lease = leases[place];
    if (lease == null) {
      throw new IllegalStateException("tile " + numbers[place] + " is not kept");
    }
    return lease;
  }

  /** Those that are decoded. */
  int[] known() {
    return places(place -> {
      CachedTile lease = leases[place];
      boolean isKnown = lease != null && lease.isDecoded();
      isOthers[place] = lease != null && !isKnown && !lease.isMine();
      return isKnown;
    });
  }

  /** Those that this thread decodes, after {@link #known} was asked for. */
  int[] unknown() {
    return places(place -> {
      CachedTile lease = leases[place];
      return lease == null || lease.isMine();
    });
  }

  /** Those that others have decoded by now. */
  int[] awaited() {
    return places(place -> {
      isGivenUp[place] = isOthers[place] && !lease(place).awaitEnd();
      return isOthers[place] && !isGivenUp[place];
    });
  }

  /** Those that others gave up, after {@link #awaited} was asked for. */
  long[] givenUp() {
    int[] places = places(place -> isGivenUp[place]);
    long[] givenUp = new long[places.length];
    for (int i = 0; i < places.length; i++) {
      givenUp[i] = numbers[places[i]];
    }
    return givenUp;
  }

  /** No stream: one that is asked for by each piece keeps the optimising compiler busy. */
  private int[] places(IntPredicate chosen) {
    int[] places = new int[numbers.length];
    int count = 0;
    for (int place = 0; place < places.length; place++) {
      if (chosen.test(place)) {
        places[count++] = place;
      }
    }
    return count == places.length ? places : Arrays.copyOf(places, count);
  }

  @Override
  public void close() {
    for (CachedTile lease : leases) {
      if (lease != null) {
        lease.close();
      }
    }
  }
}
