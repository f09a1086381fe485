package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.ElementType;

/** Logical values: T is true; F, the null value 0 and what is none of them are false. */
record LogicalDecoder() implements ElementDecoder {
  @Override
  public ElementType type() {
    return ElementType.BOOL;
  }

  @Override
  public int storedBytes() {
    return 1;
  }

  @Override
  public boolean isInPlace() {
    return true;
  }

  @Override
  public void decode(
      MemorySegment source, long sourceOffset, MemorySegment target, long targetOffset, int count) {
    for (int i = 0; i < count; i++) {
      byte stored = source.get(JAVA_BYTE, sourceOffset + i);
      target.set(JAVA_BYTE, targetOffset + i, (byte) (stored == 'T' ? 1 : 0));
    }
  }
}
