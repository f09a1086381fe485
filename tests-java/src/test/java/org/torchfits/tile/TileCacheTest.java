package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.torchfits.source.FileIdentity;

class TileCacheTest {
  private static final long TILE = 10_000;

  private final TileCache cache = new TileCache(10 * TILE);

  private static TileCache.Key key(long tile) {
    return key(tile, 1, null);
  }

  private static TileCache.Key key(long tile, long inode, @Nullable TileFloats floats) {
    return new TileCache.Key(new FileIdentity(1, inode, 2, 3, 4), 1, tile, floats);
  }

  private CachedTile reserved(TileCache.Key key) {
    CachedTile tile = cache.reserve(key, TILE);
    assertNotNull(tile);
    return tile;
  }

  private void put(long tile) {
    try (CachedTile reserved = reserved(key(tile))) {
      reserved.pixels().fill((byte) tile);
      reserved.keep(TileValues.FLOATS);
    }
  }

  private boolean has(long tile) {
    try (CachedTile found = cache.find(key(tile))) {
      return found != null && found.pixels().get(JAVA_BYTE, TILE - 1) == (byte) tile;
    }
  }

  @Test
  void find_kept_isTheTile() {
    put(3);
    assertTrue(has(3));
    try (CachedTile found = cache.find(key(3))) {
      assertNotNull(found);
      assertEquals(TileValues.FLOATS, found.values());
      assertEquals(TILE, found.pixels().byteSize());
    }
  }

  @Test
  void find_otherKey_isNothing() {
    put(3);
    assertNull(cache.find(key(4)));
    assertNull(cache.find(key(3, 2, null)));
    assertNull(cache.find(key(3, 1, new TileFloats(4, 1, 0))));
  }

  @Test
  void find_reservedAndNotKept_isNothing() {
    reserved(key(3)).close();
    assertNull(cache.find(key(3)));
    assertEquals(0, cache.bytes());
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
    assertNull(cache.find(key(1)));
    assertNull(cache.find(key(2)));
    assertEquals(10 * TILE, cache.bytes());
  }

  @Test
  void keep_others_leavesLeasedTileInPlace() {
    put(1);
    try (CachedTile leased = cache.find(key(1))) {
      assertNotNull(leased);
      for (int tile = 2; tile < 40; tile++) {
        put(tile);
      }
      assertNull(cache.find(key(1)));
      assertEquals(-1, leased.pixels().mismatch(leased.pixels()));
      assertEquals(1, leased.pixels().get(JAVA_BYTE, TILE - 1));
    }
  }

  @Test
  void keep_twice_isTheFirst() {
    try (CachedTile first = reserved(key(1));
        CachedTile second = reserved(key(1))) {
      first.keep(TileValues.STORED_NATIVE);
      second.keep(TileValues.FLOATS);
    }
    try (CachedTile found = cache.find(key(1))) {
      assertNotNull(found);
      assertEquals(TileValues.STORED_NATIVE, found.values());
    }
    assertEquals(TILE, cache.bytes());
  }

  @Test
  void reserve_tooSmallOrTooLarge_isNothing() {
    assertNull(cache.reserve(key(1), 100));
    assertNull(cache.reserve(key(1), 2 * TILE));
  }

  @Test
  void cache_manyThreads_givesWholeTiles() {
    IntStream.range(0, 8)
        .parallel()
        .forEach(thread -> {
          Random random = new Random(thread);
          for (int i = 0; i < 2000; i++) {
            long tile = random.nextInt(30);
            try (CachedTile found = cache.find(key(tile))) {
              if (found == null) {
                put(tile);
              } else {
                assertEquals((byte) tile, found.pixels().get(JAVA_BYTE, 0));
                assertEquals((byte) tile, found.pixels().get(JAVA_BYTE, TILE - 1));
              }
            }
          }
        });
    assertEquals(10 * TILE, cache.bytes());
  }
}
