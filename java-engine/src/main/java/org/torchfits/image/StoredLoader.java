package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.TensorView;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.work.Job;
import org.torchfits.work.Task;
import org.torchfits.work.Workers;

/** Reads images as they are stored, for those who decode them elsewhere. */
public final class StoredLoader {
  private static final long PIECE_BYTES = 1 << 20;

  private StoredLoader() {}

  /**
   * How an image is stored: BITPIX, exact type, scale, zero, BLANK (empty if there is none), the
   * lengths of the result's axes in C order with commas between them, file and HDU; a tab between
   * each two.
   *
   * @param request its dtype and path do not matter
   * @return empty if the image's stored values do not stand in the file, since it is compressed
   */
  public static String describe(String path, ImageRequest request) {
    // Every value can be NaN there, so that BLANK is told.
    try (OpenImage image = ImageReader.open(path, request.as(ElementType.FLOAT64))) {
      return image instanceof DirectImage direct ? line(direct) : "";
    }
  }

  private static String line(DirectImage image) {
    StoredFormat format = image.format();
    String blank = format.blank() == null ? "" : format.blank().toString();
    String shape =
        Arrays.stream(image.shape()).mapToObj(Long::toString).collect(Collectors.joining(","));
    return String.join(
        "\t",
        Integer.toString(format.bitpix()),
        format.exactType().name(),
        Double.toString(format.scale()),
        Double.toString(format.zero()),
        blank,
        shape,
        image.place());
  }

  /**
   * The task of reading stored values into a tensor of the caller.
   *
   * @param request for stored values
   * @param first element of the result, in C order
   * @param out takes as many big-endian values as it has bytes for; kept alive by the caller
   */
  public static Task load(String path, ImageRequest request, long first, TensorView out) {
    OpenImage image = ImageReader.open(path, request);
    try {
      if (!(image instanceof DirectImage direct)) {
        throw new FitsException(
            ErrorKind.UNSUPPORTED, image.place() + ": a compressed image has no stored values");
      }
      requireWithin(direct, first, out);
      Job job = job(direct, first, out.elements());
      Workers.share(job);
      return new Task(job, null, image::close);
    } catch (RuntimeException | Error failure) {
      image.close();
      throw failure;
    }
  }

  private static void requireWithin(DirectImage image, long first, TensorView out) {
    long bytes = out.elements().byteSize();
    int width = image.format().storedBytes();
    if (bytes % width != 0 || first < 0 || bytes / width > image.elements() - first) {
      throw new FitsException(
          ErrorKind.MISMATCH,
          image.place()
              + ": "
              + bytes
              + " bytes from element "
              + first
              + " on are not those of elements of "
              + width
              + " bytes, of which there are "
              + image.elements());
    }
  }

  private static Job job(DirectImage image, long first, MemorySegment target) {
    int width = image.format().storedBytes();
    long perPiece = PIECE_BYTES / width;
    long count = target.byteSize() / width;
    return new Job(
        Math.ceilDiv(count, perPiece),
        piece -> {
          long from = piece * perPiece;
          long n = Math.min(perPiece, count - from);
          image.readStored(first + from, n, target.asSlice(from * width, n * width));
        });
  }
}
