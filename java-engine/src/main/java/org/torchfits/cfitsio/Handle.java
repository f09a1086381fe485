package org.torchfits.cfitsio;

import static java.lang.foreign.MemorySegment.NULL;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.torchfits.cfitsio.PixelFormat.Values;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.source.FitsSource;

/**
 * An open {@code fitsfile} and the HDU that it stands on. All calls of cfitsio for a file go
 * through {@link #call}, where their status is checked.
 */
final class Handle implements AutoCloseable {
  private static final int READONLY = 0;

  private final CfitsioBindings cfitsio;
  private final FitsSource file;
  private final MemorySegment fptr;

  /** Offsets of the headers found so far. They were all looked through by {@link HeaderGuard}. */
  private final List<Long> headerOffsets = new ArrayList<>(List.of(0L));

  private int hdu;
  private Extent extent = Extent.UNKNOWN;
  private Values values = Values.PHYSICAL;
  private boolean closed;

  /**
   * Where an HDU stands in the file, in bytes from 0.
   *
   * @param next where the next HDU would begin
   */
  record Extent(long header, long data, long next) {
    static final Extent UNKNOWN = new Extent(0, 0, Long.MAX_VALUE);
  }

  /** A call of cfitsio. */
  @FunctionalInterface
  interface Call {
    /**
     * Passes the arguments on.
     *
     * @param arena for arguments; it is closed after the call
     * @param status 0 when handed over
     * @return the status, 0 if all went well
     */
    int of(MemorySegment fptr, Arena arena, MemorySegment status);
  }

  /** A function of cfitsio that gives one number of the current HDU. */
  @FunctionalInterface
  interface Getter {
    int of(MemorySegment fptr, MemorySegment value, MemorySegment status);
  }

  /** Takes the file over, unless this fails. */
  Handle(CfitsioBindings cfitsio, FitsSource file) {
    this.cfitsio = cfitsio;
    this.file = file;
    HeaderGuard.check(file, 0, 0);
    fptr = open();
  }

  private MemorySegment open() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment opened = arena.allocate(ADDRESS);
      MemorySegment name = arena.allocateFrom(file.descriptorPath());
      cfitsio.ffcmsg();
      check("opening", cfitsio.ffdkopn(opened, name, READONLY, arena.allocate(JAVA_INT)));
      return opened.get(ADDRESS, 0);
    }
  }

  /** Index from 0 of the HDU that this stands on. */
  int hdu() {
    return hdu;
  }

  /** Where the current HDU stands. */
  Extent extent() {
    if (extent.equals(Extent.UNKNOWN)) {
      extent = askExtent();
    }
    return extent;
  }

  long fileSize() {
    return file.size();
  }

  /** Moves to an HDU; stays, and gives false, if the file has none of that index. */
  boolean moveTo(int target) {
    boolean found = target >= 0 && countHdus(target) > target;
    if (found) {
      stepTo(target);
    }
    return found;
  }

  /** Number of HDUs, or any number above {@code enough}. */
  int countHdus(int enough) {
    int before = hdu;
    boolean more = true;
    try {
      while (more && headerOffsets.size() <= enough) {
        more = findNext();
      }
    } finally {
      stepTo(before);
    }
    return headerOffsets.size();
  }

  /**
   * Looks behind the last HDU known. What does not begin with XTENSION is none (FITS 4.0, section
   * 3.5).
   */
  private boolean findNext() {
    stepTo(headerOffsets.size() - 1);
    long next = extent().next();
    if (next <= extent.header()) {
      throw failure(ErrorKind.BAD_HEADER, "the size of the data is beyond all bounds");
    }
    boolean found = HeaderGuard.hasKeywordAt(file, next, "XTENSION");
    if (found) {
      HeaderGuard.check(file, next, hdu + 1);
      headerOffsets.add(next);
    }
    return found;
  }

  private void stepTo(int target) {
    if (target == hdu) {
      return;
    }
    int before = hdu;
    hdu = target;
    extent = Extent.UNKNOWN;
    values = Values.PHYSICAL;
    try {
      call("reading the header", (f, _, status) -> cfitsio.ffmahd(f, target + 1, NULL, status));
    } catch (FitsException notReadable) {
      hdu = before;
      throw notReadable;
    }
  }

  /** Makes pixels mean what is wanted, until this moves to another HDU. */
  void interpretAs(Values wanted) {
    if (wanted == values) {
      return;
    }
    // Reading the header anew is the only way to the old scale, and to be rid of decoded tiles in
    // which it was used.
    call("reading the header", (f, _, status) -> cfitsio.ffrhdu(f, NULL, status));
    values = Values.PHYSICAL;
    if (wanted == Values.STORED) {
      call("switching the scale off", (f, _, status) -> cfitsio.ffpscl(f, 1, 0, status));
      values = Values.STORED;
    }
  }

  private Extent askExtent() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment header = arena.allocate(JAVA_LONG);
      MemorySegment data = arena.allocate(JAVA_LONG);
      MemorySegment next = arena.allocate(JAVA_LONG);
      call("locating the data", (f, _, status) -> cfitsio.ffghadll(f, header, data, next, status));
      return new Extent(header.get(JAVA_LONG, 0), data.get(JAVA_LONG, 0), next.get(JAVA_LONG, 0));
    }
  }

  /** One number of the current HDU. */
  int get(String act, Getter getter) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(JAVA_INT);
      call(act, (f, _, status) -> getter.of(f, value, status));
      return value.get(JAVA_INT, 0);
    }
  }

  /**
   * Calls cfitsio.
   *
   * @param act what is tried, for the message
   * @throws IllegalStateException after {@link #close()}
   */
  void call(String act, Call call) {
    requireOpen();
    // cfitsio also leaves messages where it succeeds in the end.
    cfitsio.ffcmsg();
    try (Arena arena = Arena.ofConfined()) {
      check(act, call.of(fptr, arena, arena.allocate(JAVA_INT)));
    }
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException(file.name() + " is closed");
    }
  }

  private void check(String act, int status) {
    if (status > 0) {
      String words = Status.words(cfitsio, status).replace(file.descriptorPath(), file.name());
      throw new FitsException(kind(status), status, where() + act + ": " + words);
    }
  }

  private ErrorKind kind(int status) {
    return Status.isOfReading(status) && extent.next() > file.size()
        ? ErrorKind.TRUNCATED
        : Status.kind(status);
  }

  /** An exception that names this file and the current HDU. */
  FitsException failure(ErrorKind kind, String reason) {
    return new FitsException(kind, where() + reason);
  }

  private String where() {
    return file.name() + "[" + hdu + "]: ";
  }

  FitsException noSuchHdu(int index) {
    int count = countHdus(Integer.MAX_VALUE);
    return new FitsException(
        ErrorKind.HDU_NOT_FOUND,
        file.name() + ": no HDU " + index + " (the file has " + count + " HDUs)");
  }

  /** Closes the file. Nothing was written, so nothing is lost when cfitsio is not content. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try (Arena arena = Arena.ofConfined()) {
      cfitsio.ffclos(fptr, arena.allocate(JAVA_INT));
    } finally {
      file.close();
    }
  }
}
