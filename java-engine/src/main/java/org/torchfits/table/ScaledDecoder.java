package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.ElementType;
import org.torchfits.kernel.Lanes;

/**
 * Numbers with TSCALn and TZEROn: {@code stored * TSCAL + TZERO} in double precision, NaN for
 * TNULLn. Of complex ones TZERO, a real number, is added to the real part.
 */
final class ScaledDecoder implements ElementDecoder {
  private final char letter;
  private final double scale;
  private final double zero;
  private final boolean hasNull;
  private final long nullValue;

  ScaledDecoder(Column column, char letter) {
    this.letter = letter;
    this.scale = column.scale();
    this.zero = column.zero();
    Long stored = column.nullValue();
    this.hasNull = stored != null;
    this.nullValue = stored == null ? 0 : stored;
  }

  private boolean isComplex() {
    return letter == 'C' || letter == 'M';
  }

  @Override
  public ElementType type() {
    return isComplex() ? ElementType.COMPLEX128 : ElementType.FLOAT64;
  }

  @Override
  public int storedBytes() {
    return isComplex() ? 2 * numberBytes() : numberBytes();
  }

  @Override
  public boolean isInPlace() {
    return false;
  }

  @Override
  public void decode(
      MemorySegment source, long sourceOffset, MemorySegment target, long targetOffset, int count) {
    int numbers = isComplex() ? 2 * count : count;
    try (Lanes lanes = Lanes.borrow()) {
      for (int done = 0; done < numbers; done += Lanes.LENGTH) {
        int n = Math.min(Lanes.LENGTH, numbers - done);
        load(source, sourceOffset + (long) done * numberBytes(), lanes, n);
        scale(lanes.doubles, n);
        MemorySegment.copy(
            lanes.doubles, 0, target, JAVA_DOUBLE_UNALIGNED, targetOffset + 8L * done, n);
      }
    }
  }

  /** Bytes of a stored number. */
  private int numberBytes() {
    return switch (letter) {
      case 'B' -> 1;
      case 'I' -> 2;
      case 'J', 'E', 'C' -> 4;
      default -> 8;
    };
  }

  private void load(MemorySegment source, long offset, Lanes lanes, int n) {
    switch (letter) {
      case 'B' -> loadBytes(source, offset, lanes, n);
      case 'I' -> loadShorts(source, offset, lanes, n);
      case 'J' -> loadInts(source, offset, lanes, n);
      case 'K' -> loadLongs(source, offset, lanes, n);
      case 'E', 'C' -> loadFloats(source, offset, lanes, n);
      default -> loadDoubles(source, offset, lanes, n);
    }
  }

  private void loadBytes(MemorySegment source, long offset, Lanes lanes, int n) {
    MemorySegment.copy(source, JAVA_BYTE, offset, lanes.bytes, 0, n);
    for (int i = 0; i < n; i++) {
      int stored = lanes.bytes[i] & 0xFF;
      lanes.doubles[i] = isNull(stored) ? Double.NaN : stored;
    }
  }

  private void loadShorts(MemorySegment source, long offset, Lanes lanes, int n) {
    MemorySegment.copy(source, BigEndian.SHORT, offset, lanes.shorts, 0, n);
    for (int i = 0; i < n; i++) {
      lanes.doubles[i] = isNull(lanes.shorts[i]) ? Double.NaN : lanes.shorts[i];
    }
  }

  private void loadInts(MemorySegment source, long offset, Lanes lanes, int n) {
    MemorySegment.copy(source, BigEndian.INT, offset, lanes.ints, 0, n);
    for (int i = 0; i < n; i++) {
      lanes.doubles[i] = isNull(lanes.ints[i]) ? Double.NaN : lanes.ints[i];
    }
  }

  private void loadLongs(MemorySegment source, long offset, Lanes lanes, int n) {
    MemorySegment.copy(source, BigEndian.LONG, offset, lanes.longs, 0, n);
    for (int i = 0; i < n; i++) {
      lanes.doubles[i] = isNull(lanes.longs[i]) ? Double.NaN : lanes.longs[i];
    }
  }

  private static void loadFloats(MemorySegment source, long offset, Lanes lanes, int n) {
    MemorySegment.copy(source, BigEndian.INT, offset, lanes.ints, 0, n);
    for (int i = 0; i < n; i++) {
      lanes.doubles[i] = Float.intBitsToFloat(lanes.ints[i]);
    }
  }

  private static void loadDoubles(MemorySegment source, long offset, Lanes lanes, int n) {
    MemorySegment.copy(source, BigEndian.LONG, offset, lanes.longs, 0, n);
    for (int i = 0; i < n; i++) {
      lanes.doubles[i] = Double.longBitsToDouble(lanes.longs[i]);
    }
  }

  private boolean isNull(long stored) {
    return hasNull && stored == nullValue;
  }

  private void scale(double[] values, int n) {
    for (int i = 0; i < n; i++) {
      values[i] = values[i] * scale;
    }
    for (int i = 0; i < n; i += isComplex() ? 2 : 1) {
      values[i] = values[i] + zero;
    }
  }
}
