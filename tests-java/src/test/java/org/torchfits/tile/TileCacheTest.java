package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.torchfits.source.FileIdentity;
import org.torchfits.work.Unfinished;

class TileCacheTest {
  private static final long TILE = 10_000;

  private final TileCache cache = new TileCache(Eviction.LRU, 10 * TILE);

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
    assertEquals(0, cache.counts().bytes());
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
    assertEquals(10 * TILE, cache.counts().bytes());
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
    assertEquals(TILE, cache.counts().bytes());
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
  void counts_afterReads_tellWhatHappened() {
    for (int tile = 0; tile < 12; tile++) {
      put(tile);
    }
    assertTrue(has(11));
    assertEquals(
        new TileCache.Counts(Eviction.LRU, 10 * TILE, 10 * TILE, 10, 1, 12, 2), cache.counts());
  }

  @Test
  void configure_smaller_letsTilesGo() {
    for (int tile = 0; tile < 10; tile++) {
      put(tile);
    }
    cache.configure(Eviction.LRU, 4 * TILE);
    assertEquals(4 * TILE, cache.counts().bytes());
    assertTrue(has(9));
    assertFalse(has(5));
    assertFalse(cache.takes(3 * TILE));
  }

  @Test
  void configure_nothing_keepsNothing() {
    put(1);
    cache.configure(Eviction.TINYLFU, 0);
    assertFalse(cache.takes(TILE));
    assertEquals(0, cache.counts().bytes());
    cache.configure(Eviction.TINYLFU, 10 * TILE);
    put(1);
    assertTrue(has(1));
  }

  @Test
  void configure_whileLeased_leavesTileInPlace() {
    put(1);
    try (CachedTile leased = claim(key(1))) {
      cache.configure(Eviction.LFU, 2 * TILE);
      put(2);
      cache.clear();
      assertEquals(0, cache.counts().count());
      assertEquals(TILE, cache.counts().bytes());
      assertEquals(1, leased.pixels().get(JAVA_BYTE, TILE - 1));
    }
    assertEquals(0, cache.counts().bytes());
  }

  @Test
  void put_pixels_areFound() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment pixels = arena.allocate(TILE);
      pixels.fill((byte) 7);
      assertNull(cache.find(key(TileCache.WHOLE)));
      cache.put(key(TileCache.WHOLE), pixels);
      cache.put(key(TileCache.WHOLE), pixels.fill((byte) 8));
      try (CachedTile found = requireNonNull(cache.find(key(TileCache.WHOLE)))) {
        assertEquals(7, found.pixels().get(JAVA_BYTE, TILE - 1));
        assertEquals(TILE, found.pixels().byteSize());
      }
    }
    assertEquals(TILE, cache.counts().bytes());
  }

  @Test
  void put_tooLarge_isNotKept() {
    try (Arena arena = Arena.ofConfined()) {
      cache.put(key(TileCache.WHOLE), arena.allocate(6 * TILE));
    }
    assertNull(cache.find(key(TileCache.WHOLE)));
    assertEquals(0, cache.counts().bytes());
  }

  @Test
  void find_inDecoding_isNull() {
    try (CachedTile mine = claim(key(1))) {
      CompletableFuture<Boolean> other =
          CompletableFuture.supplyAsync(() -> cache.find(key(1)) == null);
      assertTrue(other.join());
      decode(mine);
    }
    assertTrue(has(1));
  }

  /** Memory of a tile that went is another's soon, with other bytes in it. */
  @ParameterizedTest
  @EnumSource
  void cache_manyThreads_givesWholeTilesWithinTheBound(Eviction eviction) {
    cache.configure(eviction, 10 * TILE);
    int threads = 4;
    List<CompletableFuture<Void>> running =
        IntStream.range(0, threads)
            .mapToObj(thread -> CompletableFuture.runAsync(() -> readTiles(thread, threads)))
            .toList();
    running.forEach(CompletableFuture::join);
    assertEquals(cache.counts().count() * TILE, cache.counts().bytes());
  }

  private void readTiles(int thread, int threads) {
    Random random = new Random(thread);
    for (int i = 0; i < 3000; i++) {
      long tile = random.nextInt(30);
      try (CachedTile found = claim(key(tile))) {
        if (found.isMine()) {
          decode(found);
        } else {
          assertTrue(isDecodedAtLast(found));
        }
        assertTrue(cache.counts().bytes() <= (10 + threads) * TILE);
        requireFilled(found.pixels(), (byte) tile);
      }
    }
  }

  private static void requireFilled(MemorySegment pixels, byte value) {
    assertEquals(value, pixels.get(JAVA_BYTE, 0));
    assertEquals(
        -1, pixels.asSlice(1).mismatch(pixels.asSlice(0, pixels.byteSize() - 1)), "other bytes");
  }
}
