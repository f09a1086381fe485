package org.torchfits.wcslib;

import static java.lang.foreign.MemorySegment.NULL;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/**
 * The primary world coordinates of an image, as wcslib understands its header. Distortions that
 * wcslib knows (SIP, TPV, TPD, DSS) are part of the transformation; those that need further HDUs
 * are not.
 *
 * <p>A position has one number for each of {@link #naxis()} axes, in FITS order (x first). Pixels
 * count from 0: the centre of the first one is 0.0. World coordinates are in degrees for celestial
 * axes, else in the SI unit of CUNIT.
 *
 * <p>One thread at a time may use it. Methods throw {@link IllegalStateException} after {@link
 * #close()}.
 */
public final class WcsTransform implements AutoCloseable {
  private static final int WCSHDR_ALL = 0x000F_FFFF;
  private static final int STATUS_BAD_PIXEL = 8;
  private static final int STATUS_BAD_WORLD = 9;

  /** More than NWCSFIX of any version. */
  private static final int FIXES = 64;

  /** The first fields of {@code struct wcsprm}, the same since wcslib 5. */
  private static final long NAXIS_OFFSET = 4;

  private static final long ALT_OFFSET = 144;
  private static final long KNOWN_FIELDS_BYTES = ALT_OFFSET + 1;

  /** The parsers of headers and units are safe for threads only since wcslib 7.5. */
  private static final Object PARSER = new Object();

  private final WcslibBindings wcslib;
  private final int count;
  private final MemorySegment wcs;
  private boolean closed;

  /**
   * Takes over what wcslib allocated.
   *
   * @param count of the representations at {@code wcs}, of which the first is the primary one
   */
  private WcsTransform(WcslibBindings wcslib, int count, MemorySegment wcs) {
    this.wcslib = wcslib;
    this.count = count;
    this.wcs = wcs;
  }

  /**
   * Understands a header.
   *
   * @param cards all cards of the HDU, 80 chars each, one char a byte; END may be missing
   * @throws FitsException of kind WCSLIB if it has no world coordinates or wcslib refuses them,
   *     UNSUPPORTED if a lookup table gives them, BAD_HEADER, OUT_OF_MEMORY or LIBRARY
   */
  public static WcsTransform parse(String cards) {
    WcsHeader.check(cards);
    WcslibBindings wcslib = Wcslib.bindings();
    synchronized (PARSER) {
      WcsTransform parsed = read(wcslib, cards);
      try {
        parsed.prepare();
        return parsed;
      } catch (FitsException failure) {
        parsed.close();
        throw failure;
      }
    }
  }

  private static WcsTransform read(WcslibBindings wcslib, String cards) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment header = arena.allocateFrom(cards, ISO_8859_1);
      MemorySegment rejected = arena.allocate(JAVA_INT);
      MemorySegment count = arena.allocate(JAVA_INT);
      MemorySegment wcs = arena.allocate(ADDRESS);
      int status =
          wcslib.wcspih(
              header, cards.length() / WcsHeader.CARD_BYTES, WCSHDR_ALL, 0, rejected, count, wcs);
      if (status != 0) {
        throw failure(status, "reading the header", wcslib.wcshdrErrmsg());
      }
      return new WcsTransform(wcslib, count.get(JAVA_INT, 0), wcs.get(ADDRESS, 0));
    }
  }

  private void prepare() {
    if (count == 0 || fields().get(JAVA_BYTE, ALT_OFFSET) != ' ') {
      throw new FitsException(ErrorKind.WCSLIB, "the header has no primary world coordinates");
    }
    try (Arena arena = Arena.ofConfined()) {
      // Its status only tells that one of the repairs was not possible; what that means shows in
      // wcsset.
      wcslib.wcsfix(0, NULL, wcs, arena.allocate(JAVA_INT, FIXES));
    }
    check("understanding the header", wcslib.wcsset(wcs));
  }

  /** Number of axes of pixels, and of world coordinates. */
  public int naxis() {
    requireOpen();
    return fields().get(JAVA_INT, NAXIS_OFFSET);
  }

  private MemorySegment fields() {
    return wcs.reinterpret(KNOWN_FIELDS_BYTES);
  }

  /**
   * World coordinates of pixels.
   *
   * @param pixels n positions, one after the other
   * @return n positions; NaN where the projection has no such point
   */
  public double[] pixelToWorld(double[] pixels) {
    return transform(shifted(pixels, 1), this::wcsp2s);
  }

  /**
   * Pixels of world coordinates.
   *
   * @param world n positions, one after the other
   * @return n positions; NaN where the projection has no such point
   */
  public double[] worldToPixel(double[] world) {
    return shifted(transform(world, this::wcss2p), -1);
  }

  /** Native memory for one call. */
  private record Buffers(
      int points,
      int naxis,
      MemorySegment from,
      MemorySegment to,
      MemorySegment intermediate,
      MemorySegment phi,
      MemorySegment theta,
      MemorySegment stat) {

    static Buffers allocate(Arena arena, double[] from, int naxis) {
      int points = from.length / naxis;
      return new Buffers(
          points,
          naxis,
          arena.allocateFrom(JAVA_DOUBLE, from),
          arena.allocate(JAVA_DOUBLE, from.length),
          arena.allocate(JAVA_DOUBLE, from.length),
          arena.allocate(JAVA_DOUBLE, points),
          arena.allocate(JAVA_DOUBLE, points),
          arena.allocate(JAVA_INT, points));
    }

    /** The result; bit i of a point's stat tells that axis i has no value. */
    double[] result() {
      double[] result = to.toArray(JAVA_DOUBLE);
      for (int point = 0; point < points; point++) {
        int invalid = stat.getAtIndex(JAVA_INT, point);
        for (int axis = 0; invalid != 0 && axis < naxis; axis++) {
          if ((invalid >> axis & 1) != 0) {
            result[point * naxis + axis] = Double.NaN;
          }
        }
      }
      return result;
    }
  }

  /** One direction of the transformation. */
  @FunctionalInterface
  private interface Direction {
    int transform(Buffers buffers);
  }

  private int wcsp2s(Buffers b) {
    return wcslib.wcsp2s(
        wcs,
        b.points(),
        b.naxis(),
        b.from(),
        b.intermediate(),
        b.phi(),
        b.theta(),
        b.to(),
        b.stat());
  }

  private int wcss2p(Buffers b) {
    return wcslib.wcss2p(
        wcs,
        b.points(),
        b.naxis(),
        b.from(),
        b.phi(),
        b.theta(),
        b.intermediate(),
        b.to(),
        b.stat());
  }

  private double[] transform(double[] from, Direction direction) {
    int naxis = naxis();
    if (from.length % naxis != 0) {
      throw new IllegalArgumentException(
          from.length + " numbers are no positions of " + naxis + " axes");
    }
    if (from.length == 0) {
      return from;
    }
    try (Arena arena = Arena.ofConfined()) {
      Buffers buffers = Buffers.allocate(arena, from, naxis);
      int status = direction.transform(buffers);
      if (status != STATUS_BAD_PIXEL && status != STATUS_BAD_WORLD) {
        check("transforming coordinates", status);
      }
      return buffers.result();
    }
  }

  private static double[] shifted(double[] values, double by) {
    return Arrays.stream(values).map(value -> value + by).toArray();
  }

  private void check(String act, int status) {
    if (status != 0) {
      throw failure(status, act, wcslib.wcsErrmsg());
    }
  }

  /**
   * An exception with wcslib's words.
   *
   * @param words an array of texts, one for each status that there is
   */
  private static FitsException failure(int status, String act, MemorySegment words) {
    MemorySegment text =
        words.reinterpret((status + 1L) * ADDRESS.byteSize()).getAtIndex(ADDRESS, status);
    ErrorKind kind = status == 2 ? ErrorKind.OUT_OF_MEMORY : ErrorKind.WCSLIB;
    String reason = text.reinterpret(1024).getString(0, ISO_8859_1);
    return new FitsException(kind, status, act + ": " + reason + " (wcslib status " + status + ")");
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("these world coordinates are closed");
    }
  }

  /** Frees wcslib's memory. A second call does nothing. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try (Arena arena = Arena.ofConfined()) {
      wcslib.wcsvfree(arena.allocateFrom(JAVA_INT, count), arena.allocateFrom(ADDRESS, wcs));
    }
  }
}
