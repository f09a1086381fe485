package org.torchfits.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MemoryTest {
  @Test
  void bytes_ofThisProcess_holdItsHeap() {
    assertTrue(Memory.bytes() >= Runtime.getRuntime().totalMemory());
  }

  @Test
  void ofMachine_text_isMemTotal() {
    String text = "MemFree:  5 kB\nMemTotal:       24114452 kB\nMemAvailable: 7 kB\n";
    assertEquals(24114452L << 10, Memory.ofMachine(text));
    assertEquals(4L << 30, Memory.ofMachine(""));
    assertEquals(4L << 30, Memory.ofMachine("MemTotal: kB"));
  }

  @Test
  void limit_text_isNumberOrNone() {
    assertEquals(1048576, Memory.limit("1048576\n"));
    assertEquals(Long.MAX_VALUE, Memory.limit("max\n"));
    assertEquals(Long.MAX_VALUE, Memory.limit(""));
  }
}
