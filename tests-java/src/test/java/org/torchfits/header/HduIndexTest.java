package org.torchfits.header;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

class HduIndexTest {
  private final HduIndex index = new HduIndex();
  private final AtomicInteger made = new AtomicInteger();

  private static Hdu hdu(int number) {
    long[] axes = {};
    return new Hdu(number, HduKind.IMAGE, 0, 800, 2880, 0, 8, axes, "", 1, 1, 0, null, null);
  }

  private StringBuilder make() {
    made.incrementAndGet();
    return new StringBuilder();
  }

  @Test
  void derived_ofOneHduAndType_isMadeOnce() {
    StringBuilder first = index.derived(hdu(0), StringBuilder.class, this::make);
    assertSame(first, index.derived(hdu(0), StringBuilder.class, this::make));
    assertEquals(1, made.get());
  }

  @Test
  void derived_ofOtherHdusAndTypes_isTheirOwn() {
    StringBuilder first = index.derived(hdu(0), StringBuilder.class, this::make);
    assertNotSame(first, index.derived(hdu(1), StringBuilder.class, this::make));
    assertEquals("text", index.derived(hdu(0), String.class, () -> "text"));
    assertEquals(2, made.get());
  }

  @Test
  void derived_weighsMoreThanItsCards() {
    index.add(hdu(0));
    long before = index.headerBytes();
    index.derived(hdu(0), StringBuilder.class, this::make);
    index.derived(hdu(0), StringBuilder.class, this::make);
    assertEquals(before + 4 * 800, index.headerBytes());
  }

  @Test
  void derived_failure_leavesNothing() {
    assertThrows(
        FitsException.class,
        () ->
            index.derived(
                hdu(0),
                String.class,
                () -> {
                  throw new FitsException(ErrorKind.BAD_HEADER, "no");
                }));
    assertEquals(0, index.headerBytes());
    assertEquals("text", index.derived(hdu(0), String.class, () -> "text"));
  }
}
