package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.torchfits.source.FileIdentity;
import org.torchfits.work.Unfinished;

class TileCacheTest {
  private static final long TILE = 10_000;

  private final TileCache cache = new TileCache(10 * TILE);

  private static TileCache.Key key(long tile) {
    return key(tile, 1, null);
  }

  private static TileCache.Key key(long tile, long inode, @Nullable TileFloats floats) {
    return new TileCache.Key(new FileIdentity(1, inode, 2, 3, 4), 1, tile, floats);
  }

  private final AtomicInteger claims = new AtomicInteger();

  private CachedTile claim(TileCache.Key key) {
    CachedTile tile = cache.claim(key, TILE);
    claims.incrementAndGet();
    return tile;
  }

  private void awaitClaims(int count) {
    while (claims.get() < count) {
      Thread.onSpinWait();
    }
  }

  private void put(long tile) {
    try (CachedTile claimed = claim(key(tile))) {
      assertTrue(claimed.isMine());
      decode(claimed);
    }
  }

  private static void decode(CachedTile claimed) {
    claimed.allocate().fill((byte) claimed.key().tile());
    claimed.keep(TileValues.FLOATS);
  }

  private boolean has(long tile) {
    return has(key(tile));
  }

  private boolean has(TileCache.Key key) {
    try (CachedTile found = claim(key)) {
      return found.isDecoded() && found.pixels().get(JAVA_BYTE, TILE - 1) == (byte) key.tile();
    }
  }

  @Test
  void claim_kept_isTheTile() {
    put(3);
    assertTrue(has(3));
    try (CachedTile found = claim(key(3))) {
      assertFalse(found.isMine());
      assertEquals(TileValues.FLOATS, found.values());
      assertEquals(TILE, found.pixels().byteSize());
    }
  }

  @Test
  void claim_otherKey_isToBeDecoded() {
    put(3);
    assertFalse(has(4));
    assertFalse(has(key(3, 2, null)));
    assertFalse(has(key(3, 1, new TileFloats(4, 1, 0))));
  }

  @Test
  void claim_givenUp_isTheNextOnes() {
    try (CachedTile claimed = claim(key(3))) {
      claimed.allocate();
    }
    assertEquals(0, cache.bytes());
    put(3);
    assertTrue(has(3));
  }

  @Test
  void keep_moreThanTheBound_forgetsWhatWasUsedLongestAgo() {
    for (int tile = 0; tile < 10; tile++) {
      put(tile);
    }
    assertTrue(has(0));
    put(10);
    put(11);
    assertTrue(has(0));
    assertFalse(has(1));
    assertFalse(has(2));
    assertEquals(10 * TILE, cache.bytes());
  }

  @Test
  void keep_others_leavesLeasedTileInPlace() {
    put(1);
    try (CachedTile leased = claim(key(1))) {
      for (int tile = 2; tile < 40; tile++) {
        put(tile);
      }
      assertFalse(has(1));
      assertEquals(-1, leased.pixels().mismatch(leased.pixels()));
      assertEquals(1, leased.pixels().get(JAVA_BYTE, TILE - 1));
    }
  }

  @Test
  void claim_inDecoding_waitsForTheOther() {
    CompletableFuture<Boolean> other;
    try (CachedTile mine = claim(key(1))) {
      other = CompletableFuture.supplyAsync(() -> isDecodedByAnother(key(1)));
      awaitClaims(2);
      decode(mine);
    }
    assertTrue(other.join());
    assertEquals(TILE, cache.bytes());
  }

  @Test
  void claim_decoderGivesUp_wakesTheOther() {
    CompletableFuture<Boolean> other;
    try (CachedTile mine = claim(key(1))) {
      mine.allocate();
      other = CompletableFuture.supplyAsync(() -> isDecodedByAnother(key(1)));
      awaitClaims(2);
    }
    assertFalse(other.join());
    put(1);
  }

  @Test
  void awaitEnd_takesLong_comesBack() {
    try (CachedTile mine = claim(key(1))) {
      CompletableFuture<Boolean> other = CompletableFuture.supplyAsync(() -> isAwaited(key(1)));
      CompletionException thrown = assertThrows(CompletionException.class, other::join);
      assertInstanceOf(Unfinished.class, thrown.getCause());
      decode(mine);
    }
    assertTrue(has(1));
  }

  /** Of a tile that is another thread's; its value if that decodes it. */
  private boolean isDecodedByAnother(TileCache.Key key) {
    try (CachedTile tile = claim(key)) {
      assertFalse(tile.isMine());
      return isDecodedAtLast(tile) && tile.pixels().get(JAVA_BYTE, TILE - 1) == (byte) key.tile();
    }
  }

  private boolean isAwaited(TileCache.Key key) {
    try (CachedTile tile = claim(key)) {
      return tile.awaitEnd();
    }
  }

  private static boolean isDecodedAtLast(CachedTile tile) {
    while (true) {
      try {
        return tile.awaitEnd();
      } catch (Unfinished again) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void takes_tooSmallOrTooLarge_isFalse() {
    assertFalse(cache.takes(100));
    assertTrue(cache.takes(TILE));
    assertFalse(cache.takes(6 * TILE));
  }

  @Test
  void cache_manyThreads_givesWholeTiles() {
    IntStream.range(0, 8)
        .parallel()
        .forEach(thread -> {
          Random random = new Random(thread);
          for (int i = 0; i < 2000; i++) {
            long tile = random.nextInt(30);
            try (CachedTile found = claim(key(tile))) {
              if (found.isMine()) {
                decode(found);
              } else {
                assertTrue(isDecodedAtLast(found));
              }
              assertEquals((byte) tile, found.pixels().get(JAVA_BYTE, 0));
              assertEquals((byte) tile, found.pixels().get(JAVA_BYTE, TILE - 1));
            }
          }
        });
    assertEquals(10 * TILE, cache.bytes());
  }
}
