package org.torchfits.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ScratchTest {
  @Test
  void borrow_any_isNativePages() {
    try (Scratch scratch = Scratch.borrow()) {
      assertTrue(scratch.bytes().isNative());
      assertEquals(Scratch.BYTES, scratch.bytes().byteSize());
      assertEquals(0, scratch.bytes().address() % 4096);
    }
  }

  @Test
  void borrow_twoAtOnce_areNotTheSame() {
    try (Scratch one = Scratch.borrow();
        Scratch other = Scratch.borrow()) {
      assertNotEquals(one.bytes().address(), other.bytes().address());
    }
  }

  @Test
  void borrow_againAndAgain_takesNoMoreMemory() {
    Set<Long> addresses = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      try (Scratch scratch = Scratch.borrow()) {
        addresses.add(scratch.bytes().address());
      }
    }
    assertTrue(addresses.size() <= 32, addresses.size() + " blocks");
  }

  @Test
  void close_moreThanPoolKeeps_allWereApart() {
    List<Scratch> all = new ArrayList<>();
    Set<Long> addresses = new HashSet<>();
    for (int i = 0; i < 40; i++) {
      all.add(Scratch.borrow());
      addresses.add(all.getLast().bytes().address());
    }
    all.forEach(Scratch::close);
    assertEquals(40, addresses.size());
  }
}
