package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.torchfits.kernel.Lanes;

/**
 * Stored values times scale plus zero as floating numbers in the lanes, a block at a time. The
 * stored value {@code blank}, if there is one, becomes NaN.
 */
final class PhysicalValues {
  private final StoredValues stored;
  private final int bitpix;
  private final double scale;
  private final double zero;
  private final @Nullable Long blank;
  private final boolean unscaled;
  private final boolean unsigned;
  private final boolean wide;

  /**
   * @param wide whether {@link Lanes#doubles} get the values, else {@link Lanes#floats}
   * @param order of the stored values' bytes
   */
  PhysicalValues(StoredFormat format, boolean wide, ByteOrder order) {
    this.stored = new StoredValues(format.bitpix(), order);
    this.bitpix = format.bitpix();
    this.scale = format.scale();
    // Adding 0 would take the sign from -0.
    this.zero = format.isUnscaled() ? -0.0 : format.zero();
    this.blank = format.blank();
    this.unscaled = format.isUnscaled();
    this.unsigned = format.isShifted();
    this.wide = wide;
  }

  /**
   * Fills the lanes.
   *
   * @param source holds the stored values from {@code offset} (bytes) on
   * @param n at most {@link Lanes#LENGTH}
   */
  void fill(MemorySegment source, long offset, Lanes lanes, int n) {
    stored.load(source, offset, lanes, n);
    switch (bitpix) {
      case 8 -> {
        FloatKernels.flipSigns(lanes.bytes, n);
        FloatKernels.flippedBytesToFloats(lanes.bytes, lanes.floats, n);
        scaleFloats(lanes, n);
      }
      case 16 -> {
        FloatKernels.shortsToFloats(lanes.shorts, lanes.floats, n);
        scaleFloats(lanes, n);
      }
      case 32 -> {
        FloatKernels.intsToDoubles(lanes.ints, lanes.doubles, n);
        scaleDoubles(lanes, n);
      }
      case 64 -> scaleLongs(lanes, n);
      case -32 -> scaleFloats(lanes, n);
      default -> scaleDoubles(lanes, n);
    }
  }

  /** A float holds every stored value of 8 and 16 bits, and so BLANK if there is such a value. */
  private void scaleFloats(Lanes lanes, int n) {
    if (blank != null) {
      FloatKernels.replaceByNaN(lanes.floats, (float) (long) blank, n);
    }
    if (wide) {
      FloatKernels.scale(lanes.floats, scale, zero, lanes.doubles, n);
    } else if (!unscaled) {
      FloatKernels.scale(lanes.floats, scale, zero, n);
    }
  }

  /** Likewise a double those of 32 bits. */
  private void scaleDoubles(Lanes lanes, int n) {
    if (blank != null) {
      FloatKernels.replaceByNaN(lanes.doubles, (double) (long) blank, n);
    }
    if (!wide) {
      FloatKernels.scale(lanes.doubles, scale, zero, lanes.floats, n);
    } else if (!unscaled) {
      FloatKernels.scale(lanes.doubles, scale, zero, n);
    }
  }

  private void scaleLongs(Lanes lanes, int n) {
    if (wide) {
      longsToDoubles(lanes, n);
    } else {
      longsToFloats(lanes, n);
    }
  }

  private void longsToDoubles(Lanes lanes, int n) {
    if (unsigned) {
      FloatKernels.unsignedToDoubles(lanes.longs, lanes.doubles, n);
    } else {
      FloatKernels.longsToDoubles(lanes.longs, lanes.doubles, n);
      FloatKernels.scale(lanes.doubles, scale, zero, n);
    }
    if (blank != null) {
      FloatKernels.replaceByNaN(lanes.longs, blank, lanes.doubles, n);
    }
  }

  private void longsToFloats(Lanes lanes, int n) {
    if (unsigned) {
      FloatKernels.unsignedToFloats(lanes.longs, lanes.floats, n);
    } else if (unscaled) {
      FloatKernels.longsToFloats(lanes.longs, lanes.floats, n);
    } else {
      FloatKernels.longsToDoubles(lanes.longs, lanes.doubles, n);
      FloatKernels.scale(lanes.doubles, scale, zero, lanes.floats, n);
    }
    if (blank != null) {
      FloatKernels.replaceByNaN(lanes.longs, blank, lanes.floats, n);
    }
  }
}
