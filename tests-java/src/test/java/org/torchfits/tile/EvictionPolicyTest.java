package org.torchfits.tile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.torchfits.source.FileIdentity;

/** What all policies promise, and what each of them is for. */
class EvictionPolicyTest {
  private static final int BOUND = 1000;
  private static final int CHARGE = 10;
  private static final int FULL = BOUND / CHARGE;

  private final TileCache owner = new TileCache(Eviction.LRU, BOUND);
  private final Set<CachedTile> gone = new HashSet<>();

  private EvictionPolicy policy(Eviction eviction) {
    return eviction.policy(BOUND, tile -> assertTrue(gone.add(tile), "told twice"));
  }

  private static TileCache.Key key(long tile) {
    return new TileCache.Key(new FileIdentity(1, 2, 3, 4, 5), 1, tile, null);
  }

  private CachedTile tile(long number, int charge) {
    return new CachedTile(owner, key(number), charge, charge);
  }

  private void add(EvictionPolicy policy, long from, long to) {
    for (long number = from; number < to; number++) {
      policy.add(tile(number, CHARGE));
    }
  }

  private static long found(EvictionPolicy policy, int from, int to) {
    return IntStream.range(from, to).filter(number -> policy.find(key(number)) != null).count();
  }

  @ParameterizedTest
  @EnumSource
  void add_withinTheBound_keepsAll(Eviction eviction) {
    EvictionPolicy policy = policy(eviction);
    CachedTile first = tile(0, CHARGE);
    policy.add(first);
    add(policy, 1, FULL);
    assertSame(first, policy.find(key(0)));
    assertEquals(FULL, found(policy, 0, FULL));
    assertEquals(FULL, policy.count());
    assertNull(policy.find(key(FULL)));
    assertEquals(Set.of(), gone);
  }

  @ParameterizedTest
  @EnumSource
  void add_anything_staysWithinTheBoundAndTellsWhatGoes(Eviction eviction) {
    EvictionPolicy policy = policy(eviction);
    Map<Long, CachedTile> added = new HashMap<>();
    Random random = new Random(1);
    for (int turn = 0; turn < 5000; turn++) {
      long number = random.nextInt(300);
      if (policy.find(key(number)) == null) {
        CachedTile tile = tile(number, 1 + random.nextInt(BOUND / 2));
        policy.add(tile);
        added.put(number, tile);
      }
      requireConsistent(policy, added);
    }
    assertFalse(gone.isEmpty());
  }

  private void requireConsistent(EvictionPolicy policy, Map<Long, CachedTile> added) {
    int kept = 0;
    int charged = 0;
    for (CachedTile tile : added.values()) {
      kept += gone.contains(tile) ? 0 : 1;
      charged += gone.contains(tile) ? 0 : tile.charge();
    }
    assertEquals(kept, policy.count());
    assertTrue(charged <= BOUND, charged + " are charged");
  }

  @ParameterizedTest
  @EnumSource
  void find_gone_isNull(Eviction eviction) {
    EvictionPolicy policy = policy(eviction);
    add(policy, 0, 5 * FULL);
    for (CachedTile tile : gone) {
      assertNull(policy.find(tile.key()));
    }
    assertEquals(4 * FULL, gone.size());
    assertEquals(FULL, found(policy, 0, 5 * FULL));
  }

  @ParameterizedTest
  @EnumSource
  void resize_smallerAndLarger_keepsWhatFits(Eviction eviction) {
    EvictionPolicy policy = policy(eviction);
    add(policy, 0, FULL);
    policy.resize(BOUND / 4);
    assertEquals(FULL / 4, policy.count());
    assertEquals(FULL - FULL / 4, gone.size());
    policy.resize(2 * BOUND);
    add(policy, FULL, 2 * FULL);
    assertEquals(FULL / 4 + FULL, policy.count());
  }

  @ParameterizedTest
  @EnumSource
  void clear_any_tellsAll(Eviction eviction) {
    EvictionPolicy policy = policy(eviction);
    add(policy, 0, FULL);
    policy.clear();
    assertEquals(FULL, gone.size());
    assertEquals(0, policy.count());
    assertNull(policy.find(key(3)));
    add(policy, 0, FULL);
    assertEquals(FULL, found(policy, 0, FULL));
  }

  @Test
  void lru_full_letsWhatWasUsedLongestAgoGo() {
    EvictionPolicy policy = policy(Eviction.LRU);
    add(policy, 0, FULL);
    assertEquals(1, found(policy, 0, 1));
    add(policy, FULL, FULL + 2);
    assertEquals(1, found(policy, 0, 1));
    assertEquals(0, found(policy, 1, 3));
    assertEquals(FULL - 3, found(policy, 3, FULL));
  }

  @Test
  void lfu_full_letsWhatWasUsedLeastGo() {
    EvictionPolicy policy = policy(Eviction.LFU);
    add(policy, 0, FULL);
    assertEquals(FULL / 2, found(policy, 0, FULL / 2));
    add(policy, FULL, 3 * FULL);
    assertEquals(FULL / 2, found(policy, 0, FULL / 2));
    assertEquals(0, found(policy, FULL / 2, FULL));
    assertEquals(FULL / 2, found(policy, 3 * FULL - FULL / 2, 3 * FULL));
  }

  /** Half of the room is used all the time, then much is read once. */
  private long hotSetAfterScan(Eviction eviction) {
    EvictionPolicy policy = policy(eviction);
    int hot = FULL / 2;
    add(policy, 0, hot);
    for (int turn = 0; turn < 20; turn++) {
      found(policy, 0, hot);
    }
    add(policy, 1000, 1000 + 50 * FULL);
    return found(policy, 0, hot);
  }

  @Test
  void scan_longerThanTheRoom_leavesTheHotSetUnderTinyLfu() {
    assertTrue(hotSetAfterScan(Eviction.TINYLFU) >= 0.9 * FULL / 2);
  }

  @Test
  void scan_longerThanTheRoom_takesAllUnderLru() {
    assertEquals(0, hotSetAfterScan(Eviction.LRU));
  }

  /** The order of epochs: LRU always lets go what is wanted next. */
  private long hitsOfEpochs(Eviction eviction) {
    EvictionPolicy policy = policy(eviction);
    long hits = 0;
    for (int epoch = 0; epoch < 10; epoch++) {
      for (long number = 0; number < 2 * FULL; number++) {
        if (policy.find(key(number)) != null) {
          hits++;
        } else {
          policy.add(tile(number, CHARGE));
        }
      }
    }
    return hits;
  }

  @Test
  void epochs_overTwiceTheRoom_hitUnderTinyLfuAlone() {
    assertEquals(0, hitsOfEpochs(Eviction.LRU));
    assertTrue(hitsOfEpochs(Eviction.TINYLFU) > 9 * FULL / 2);
  }
}
