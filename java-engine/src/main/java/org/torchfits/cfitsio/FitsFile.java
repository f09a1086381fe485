package org.torchfits.cfitsio;

import static java.lang.foreign.MemorySegment.NULL;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.torchfits.cfitsio.PixelFormat.Values;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.source.FitsSource;
import org.torchfits.source.SourceNames;

/**
 * A FITS file that cfitsio reads: the general path, slower than the engine's own and with the last
 * word on what a file means.
 *
 * <p>It stands on one HDU, the primary at first. HDUs, pixels and axes count from 0, shapes and
 * positions are in C order (the axis NAXIS1 last). Files are read only, local and regular; one that
 * is compressed as a whole is decompressed by us, and what is no file is copied into one. A name is
 * looked up once, literally, and not by cfitsio, which gets the name of our descriptor instead.
 * Even {@code fits_open_diskfile} does more with a name than open it: it skips leading blanks,
 * expands {@code ~} (and crashes when there is no such user), waits for the other end of a pipe,
 * and when the file is missing opens {@code NAME.gz}, {@code .bz2}, {@code .Z}, {@code .z}, {@code
 * .zip}, {@code -z} or {@code -gz} in its place. cfitsio reads whole blocks of 2880 bytes: what
 * stands in a block that the file has only in part is TRUNCATED.
 *
 * <p>One thread at a time may use it. All methods throw {@link FitsException} where cfitsio fails,
 * with its status, and {@link IllegalStateException} after {@link #close()}.
 */
public final class FitsFile implements AutoCloseable {
  private static final int IMAGE_HDU = 0;

  /** Longest position that {@code fits_read_subset} has room for. */
  private static final int MAX_SECTION_AXES = 9;

  private static final int CARD_BYTES = 80;

  /** Guards cfitsio's parser. */
  private static final Object ROW_FILTER = new Object();

  private final CfitsioBindings cfitsio;
  private final Handle handle;

  private FitsFile(CfitsioBindings cfitsio, Handle handle) {
    this.cfitsio = cfitsio;
    this.handle = handle;
  }

  /**
   * Opens a file and reads the header of its primary HDU.
   *
   * @param path as for {@link FitsSource#open}
   * @throws FitsException of kind NOT_FOUND, ACCESS_DENIED, NOT_A_FILE, IO, NOT_FITS, TRUNCATED,
   *     BAD_HEADER, UNSUPPORTED or LIBRARY
   */
  public static FitsFile open(String path) {
    if (SourceNames.isLocalFile(path)) {
      requireBytes(path);
    }
    CfitsioBindings cfitsio = Cfitsio.bindings();
    FitsSource file = FitsSource.open(path);
    try {
      // Nothing but a regular file has one.
      file.size();
      return new FitsFile(cfitsio, new Handle(cfitsio, file));
    } catch (RuntimeException | Error failure) {
      file.close();
      throw failure;
    }
  }

  private static void requireBytes(String path) {
    if (path.chars().anyMatch(c -> c == 0 || c > 0xFF)) {
      throw new IllegalArgumentException(
          "a path is bytes from 1 to 255, one in each char: " + path);
    }
  }

  /**
   * Number of HDUs. What stands behind the last one and is none is not counted.
   *
   * @throws FitsException of kind BAD_HEADER or TRUNCATED if one of them cannot be read
   */
  public int hduCount() {
    handle.requireOpen();
    return handle.countHdus(Integer.MAX_VALUE);
  }

  /** Index of the HDU that this stands on. */
  public int hdu() {
    return handle.hdu();
  }

  /**
   * Moves to an HDU, and stays where it was if that fails.
   *
   * @throws FitsException of kind HDU_NOT_FOUND if the file has none of that index, or of kind
   *     BAD_HEADER or TRUNCATED if its header, or one before it, cannot be read
   */
  public void moveTo(int hdu) {
    handle.requireOpen();
    if (!handle.moveTo(hdu)) {
      throw handle.noSuchHdu(hdu);
    }
  }

  /**
   * Whether the HDU is an image, compressed or not. One without axes is an image without pixels.
   */
  public boolean isImage() {
    return handle.get("asking for the type", cfitsio::ffghdt) == IMAGE_HDU;
  }

  /** Whether the HDU is a tile-compressed image: a table in the file, an image for cfitsio. */
  public boolean isCompressed() {
    int[] answer = new int[1];
    handle.call(
        "asking for compression",
        (fptr, _, status) -> {
          answer[0] = cfitsio.fitsIsCompressedImage(fptr, status);
          return status.get(JAVA_INT, 0);
        });
    return answer[0] != 0;
  }

  /**
   * BITPIX of the image; ZBITPIX if it is compressed.
   *
   * @throws FitsException of kind WRONG_HDU_KIND if the HDU is no image
   */
  public int bitpix() {
    return handle.get("asking for BITPIX", cfitsio::ffgidt);
  }

  /**
   * The smallest type that holds the physical values, as cfitsio finds it from BITPIX, BSCALE and
   * BZERO. It does not look at the scale of 64-bit integers: they are always INT64.
   *
   * @throws FitsException of kind WRONG_HDU_KIND if the HDU is no image
   */
  public PixelType equivalentType() {
    return PixelType.ofImageType(handle.get("asking for the type of the pixels", cfitsio::ffgiet));
  }

  /**
   * Lengths of the axes in C order; empty if there are none. For a compressed image those of the
   * image.
   *
   * @throws FitsException of kind WRONG_HDU_KIND if the HDU is no image
   */
  public long[] shape() {
    int naxis = handle.get("asking for NAXIS", cfitsio::ffgidm);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment naxes = arena.allocate(JAVA_LONG, naxis);
      handle.call(
          "asking for the lengths of the axes",
          (fptr, _, status) -> cfitsio.ffgiszll(fptr, naxis, naxes, status));
      return Box.reversed(naxes.toArray(JAVA_LONG));
    }
  }

  /**
   * All cards of the HDU with END, 80 chars each, one char a byte, as they stand in the file: for a
   * compressed image those of the table that holds it.
   */
  public String headerText() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment header = arena.allocate(ADDRESS);
      MemorySegment nkeys = arena.allocate(JAVA_INT);
      try {
        handle.call(
            "reading the cards",
            (fptr, _, status) -> cfitsio.ffhdr2str(fptr, 0, NULL, 0, header, nkeys, status));
        return text(header.get(ADDRESS, 0), nkeys.get(JAVA_INT, 0) * (long) CARD_BYTES);
      } finally {
        free(header.get(ADDRESS, 0));
      }
    }
  }

  private static String text(MemorySegment characters, long length) {
    return new String(characters.reinterpret(length).toArray(JAVA_BYTE), ISO_8859_1);
  }

  /** cfitsio allocates the text even where it then fails. */
  private void free(MemorySegment memory) {
    if (memory.address() != 0) {
      handle.call("freeing the cards", (fptr, _, status) -> cfitsio.fffree(memory, status));
    }
  }

  /**
   * Reads pixels that follow each other in C order.
   *
   * @param first index of the first one from 0
   * @param into native memory that holds {@code count} pixels of the format, aligned for them
   * @throws FitsException of kind BAD_SECTION if the image has no such pixels, TRUNCATED if the
   *     file has not, WRONG_HDU_KIND if the HDU is no image
   */
  public void readPixels(long first, long count, PixelFormat format, MemorySegment into) {
    long pixels = pixelCount(shape());
    if (first < 0 || count < 0 || count > pixels - first) {
      throw handle.failure(
          ErrorKind.BAD_SECTION,
          "pixels " + first + " to " + (first + count) + " of an image of " + pixels);
    }
    requireRoom(count, format.type(), into);
    if (count == 0) {
      return;
    }
    requireBytes(first + count);
    handle.interpretAs(format.values());
    handle.call(
        "reading pixels",
        (fptr, arena, status) ->
            cfitsio.ffgpv(
                fptr,
                format.type().datatype(),
                first + 1,
                count,
                undefinedValue(format, arena),
                into,
                arena.allocate(JAVA_INT),
                status));
  }

  /**
   * Reads a box of pixels, or every {@code step}-th of them, in C order.
   *
   * @param first position of the first pixel, one index from 0 for each axis in C order
   * @param last position of the last pixel, itself within the box
   * @param step 1 or more for each axis
   * @param into native memory that holds the pixels of the format, aligned for them
   * @throws FitsException of kind BAD_SECTION if the image has no such box, TRUNCATED if the file
   *     has not, WRONG_HDU_KIND if the HDU is no image, UNSUPPORTED if it has more than 9 axes
   */
  public void readSection(
      long[] first, long[] last, long[] step, PixelFormat format, MemorySegment into) {
    Box box = new Box(first, last, step);
    long[] shape = shape();
    pixelCount(shape);
    requireWithin(box, shape);
    requireRoom(box.pixels(), format.type(), into);
    requireBytes(box.lastIndex(shape) + 1);
    handle.interpretAs(format.values());
    handle.call(
        "reading a section",
        (fptr, arena, status) ->
            cfitsio.ffgsv(
                fptr,
                format.type().datatype(),
                box.fitsFirst(arena),
                box.fitsLast(arena),
                box.fitsStep(arena),
                undefinedValue(format, arena),
                into,
                arena.allocate(JAVA_INT),
                status));
  }

  private void requireWithin(Box box, long[] shape) {
    if (shape.length > MAX_SECTION_AXES) {
      throw handle.failure(
          ErrorKind.UNSUPPORTED, "cfitsio reads sections of at most " + MAX_SECTION_AXES + " axes");
    }
    if (!box.isWithin(shape)) {
      throw handle.failure(
          ErrorKind.BAD_SECTION,
          box + " is not within an image of shape " + Arrays.toString(shape));
    }
  }

  private long pixelCount(long[] shape) {
    if (shape.length == 0) {
      return 0;
    }
    try {
      return Arrays.stream(shape).reduce(1, Math::multiplyExact);
    } catch (ArithmeticException overflow) {
      throw handle.failure(
          ErrorKind.BAD_HEADER, "a shape beyond all bounds: " + Arrays.toString(shape));
    }
  }

  private static void requireRoom(long pixels, PixelType type, MemorySegment into) {
    if (pixels > into.byteSize() / type.bytes()) {
      throw new IllegalArgumentException(
          pixels + " pixels of " + type + " do not fit into " + into.byteSize() + " bytes");
    }
    if (!into.isNative() || into.address() % type.bytes() != 0) {
      throw new IllegalArgumentException("not native memory that is aligned for " + type);
    }
  }

  /** cfitsio would fill what the file lacks with zeros. */
  private void requireBytes(long pixels) {
    long dataBytes = handle.fileSize() - handle.extent().data();
    long room = dataBytes / (Math.abs(bitpix()) / 8);
    if (pixels > room && !isCompressed()) {
      throw handle.failure(
          ErrorKind.TRUNCATED,
          "the file ends after " + Math.max(room, 0) + " of the image's pixels");
    }
  }

  /** Address of what undefined pixels become; null where they are not to be looked for. */
  private MemorySegment undefinedValue(PixelFormat format, Arena arena) {
    boolean looked = bitpix() < 0 ? isCompressed() : format.values() == Values.PHYSICAL;
    if (!looked || !format.type().isFloating()) {
      return NULL;
    }
    return format.type() == PixelType.FLOAT32
        ? arena.allocateFrom(JAVA_FLOAT, Float.NaN)
        : arena.allocateFrom(JAVA_DOUBLE, Double.NaN);
  }

  /**
   * Whether a row filter has to see all rows in one call of {@link #findRows}.
   *
   * @throws FitsException of kind BAD_EXPRESSION if it is one that cfitsio must not see
   */
  public static boolean isOfManyRows(String filter) {
    return RowFilter.check(filter);
  }

  /**
   * Finds the rows of a table for which a filter holds. One call at a time in the process: not all
   * versions have a parser that threads can share.
   *
   * @param filter an expression of cfitsio's row filter, that opens no files
   * @param first row from 0
   * @param into native memory of a byte for each of {@code count} rows: 1 where it holds, else 0
   * @throws FitsException of kind BAD_EXPRESSION if it is none, or not of these columns
   */
  public void findRows(String filter, long first, long count, MemorySegment into) {
    RowFilter.check(filter);
    if (!into.isNative() || into.byteSize() < count || first < 0) {
      throw new IllegalArgumentException("no room for " + count + " rows from " + first);
    }
    synchronized (ROW_FILTER) {
      try {
        handle.call(
            "evaluating the row filter [" + filter + "]",
            (fptr, arena, status) ->
                cfitsio.fffrow(
                    fptr,
                    arena.allocateFrom(filter),
                    first + 1,
                    count,
                    arena.allocate(JAVA_LONG),
                    into,
                    status));
      } catch (FitsException failure) {
        throw Status.isOfNames(failure.status()) ? ofExpression(failure) : failure;
      }
    }
  }

  private static FitsException ofExpression(FitsException failure) {
    String message = String.valueOf(failure.getMessage());
    return new FitsException(ErrorKind.BAD_EXPRESSION, failure.status(), message);
  }

  /** Closes the file. A second call does nothing. */
  @Override
  public void close() {
    handle.close();
  }
}
