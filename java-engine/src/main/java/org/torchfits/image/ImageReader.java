package org.torchfits.image;

import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import org.torchfits.cache.OpenFiles;
import org.torchfits.dlpack.ElementType;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduKind;
import org.torchfits.header.HduReader;
import org.torchfits.header.HduSelector;
import org.torchfits.source.ByteSource;
import org.torchfits.source.FitsSource;

/** The one place that chooses by which path an image is read. */
public final class ImageReader {
  /** Beyond so many pixels, tiles that were compressed more than any image is are refused. */
  private static final long UNSUSPICIOUS_PIXELS = 1 << 27;

  /** HCOMPRESS codes an image of one value in tiles of 16 rows that way; others reach 4,095. */
  private static final long MOST_PIXELS_PER_BYTE = 1 << 15;

  private ImageReader() {}

  /**
   * Opens an image of a local file.
   *
   * @param path as for {@link FitsSource#open}
   */
  public static OpenImage open(String path, ImageRequest request) {
    HduReader reader = OpenFiles.open(path);
    ByteSource source = reader.source();
    try {
      Hdu hdu = reader.find(request.hdu());
      requireImage(source, hdu, request);
      return image(path, reader, hdu, section(source, hdu, request), request);
    } catch (RuntimeException | Error failure) {
      reader.close();
      throw failure;
    }
  }

  /**
   * Opens an image whose pixels are calibrated when they are read.
   *
   * @param path as for {@link FitsSource#open}
   * @param request for FLOAT32, FLOAT16 or BFLOAT16
   * @throws FitsException of kind MISMATCH if the calibration is for images of another shape
   */
  public static OpenImage openCalibrated(
      String path, ImageRequest request, Calibration calibration) {
    OpenImage image = open(path, request.as(ElementType.FLOAT32));
    try {
      calibration.requireFits(image);
      return calibrated(image, Objects.requireNonNull(request.dtype()), calibration);
    } catch (RuntimeException | Error failure) {
      image.close();
      throw failure;
    }
  }

  /**
   * @return to be closed instead of the image
   */
  private static OpenImage calibrated(OpenImage image, ElementType type, Calibration calibration) {
    if (image instanceof DirectImage direct) {
      return direct.calibrated(type, calibration);
    }
    StoredFormat format = StoredFormat.ofPhysical(ElementType.FLOAT32, type);
    PixelDecoder decoder = PixelDecoder.calibrating(format, ByteOrder.nativeOrder(), calibration);
    return new ConvertedImage(image, type, decoder);
  }

  /**
   * A section of an image by the path that is right for it.
   *
   * @param reader is closed with the image; not if this fails
   */
  static OpenImage image(
      String path, HduReader reader, Hdu hdu, Section section, ImageRequest request) {
    ByteSource source = reader.source();
    boolean isCompressed = hdu.kind() == HduKind.COMPRESSED_IMAGE;
    PixelRuns runs = isCompressed ? null : runsInFile(source, hdu, PixelLayout.of(hdu), section);
    StoredFormat format = format(source, hdu, request);
    if (!request.general()) {
      return runs == null
          ? new TiledImage(reader, hdu, section, format)
          : new DirectImage(reader, hdu, section, format, runs);
    }
    OpenImage image = general(path, source, hdu, section, format, request.scaled());
    reader.close();
    return image;
  }

  /**
   * Opens the parameters of random groups as an image of shape (GCOUNT, PCOUNT), unscaled: each has
   * a scale of its own.
   *
   * @param path as for {@link FitsSource#open}
   */
  public static OpenImage openParameters(String path, HduSelector selector) {
    HduReader reader = OpenFiles.open(path);
    try {
      Hdu hdu = reader.find(selector);
      PixelLayout layout = PixelLayout.ofParameters(hdu, place(reader.source().name(), hdu));
      Section section = Section.whole(layout.shape());
      PixelRuns runs = runsInFile(reader.source(), hdu, layout, section);
      return new DirectImage(reader, hdu, section, StoredFormat.exact(hdu, false), runs);
    } catch (RuntimeException | Error failure) {
      reader.close();
      throw failure;
    }
  }

  private static OpenImage general(
      String path,
      ByteSource source,
      Hdu hdu,
      Section section,
      StoredFormat format,
      boolean scaled) {
    ElementType type = format.typeOfCfitsio();
    if (type == format.type() && (type == format.exactType() || StoredFormat.isFloating(type))) {
      return CfitsioImage.open(path, source, hdu, section, type, scaled);
    }
    boolean physical = StoredFormat.isFloating(type);
    OpenImage image = CfitsioImage.open(path, source, hdu, section, type, scaled && physical);
    try {
      return new ConvertedImage(
          image,
          format.type(),
          PixelDecoder.ofNative(physical ? StoredFormat.ofPhysical(type, format.type()) : format));
    } catch (RuntimeException | Error failure) {
      image.close();
      throw failure;
    }
  }

  static Section section(ByteSource source, Hdu hdu, ImageRequest request) {
    return request.section() == null
        ? Section.whole(hdu.shape())
        : Section.parse(request.section(), hdu.shape(), place(source.name(), hdu));
  }

  static StoredFormat format(ByteSource source, Hdu hdu, ImageRequest request) {
    if (request.scaled() && (Double.isNaN(hdu.scale()) || Double.isNaN(hdu.zero()))) {
      throw badHeader(
          source, hdu, "BSCALE or BZERO is not a number; only stored values can be read");
    }
    return StoredFormat.of(hdu, request.scaled(), request.dtype());
  }

  /** File and HDU, as errors show them. */
  static String place(String file, Hdu hdu) {
    return file + "[" + hdu.index() + "]";
  }

  static void requireImage(ByteSource source, Hdu hdu, ImageRequest request) {
    switch (hdu.kind()) {
      case IMAGE, COMPRESSED_IMAGE, RANDOM_GROUPS -> {
        if (!hdu.hasImage()) {
          throw wrongKind(source, hdu, "the HDU has no data (NAXIS = " + hdu.axes().length + ")");
        }
        if (request.general() && hdu.kind() == HduKind.RANDOM_GROUPS) {
          throw new FitsException(
              ErrorKind.UNSUPPORTED,
              place(source.name(), hdu) + ": cfitsio takes random groups for an empty image");
        }
        requirePlausible(source, hdu);
      }
      case BINARY_TABLE, ASCII_TABLE ->
          throw wrongKind(source, hdu, "the HDU is a table, not an image");
      case OTHER ->
          throw wrongKind(source, hdu, "the HDU is an extension of a type that is not an image");
    }
  }

  /** The header of a compressed image claims its size freely: nothing but the tiles backs it. */
  private static void requirePlausible(ByteSource source, Hdu hdu) {
    long pixels = pixels(source, hdu);
    if (hdu.kind() == HduKind.COMPRESSED_IMAGE
        && pixels > UNSUSPICIOUS_PIXELS
        && !source.reaches(hdu.dataOffset() + pixels / MOST_PIXELS_PER_BYTE)) {
      throw badHeader(
          source,
          hdu,
          pixels + " pixels are more than " + MOST_PIXELS_PER_BYTE + " for each byte of its tiles");
    }
  }

  /** Number of pixels of an HDU, of which memory could hold eight bytes each. */
  private static long pixels(ByteSource source, Hdu hdu) {
    try {
      long bytes = Double.BYTES;
      for (long length : hdu.axes()) {
        // An empty axis would hide that the others cannot be counted.
        bytes = Math.multiplyExact(bytes, Math.max(1, length));
      }
      return bytes / Double.BYTES;
    } catch (ArithmeticException overflow) {
      throw badHeader(
          source,
          hdu,
          "axes " + Arrays.toString(hdu.axes()) + " describe more bytes than memory can hold");
    }
  }

  /**
   * Where the pixels of a section stand in the file, which has them: no memory is allocated for
   * what the header merely claims.
   */
  private static PixelRuns runsInFile(
      ByteSource source, Hdu hdu, PixelLayout layout, Section section) {
    PixelRuns runs = new PixelRuns(layout, section);
    if (!source.reaches(runs.endOffset())) {
      throw new FitsException(
          ErrorKind.TRUNCATED,
          place(source.name(), hdu)
              + ": the header describes "
              + hdu.dataBytes()
              + " bytes of data from byte "
              + hdu.dataOffset()
              + ", the file ends at byte "
              + source.size());
    }
    return runs;
  }

  private static FitsException badHeader(ByteSource source, Hdu hdu, String reason) {
    return new FitsException(ErrorKind.BAD_HEADER, place(source.name(), hdu) + ": " + reason);
  }

  private static FitsException wrongKind(ByteSource source, Hdu hdu, String reason) {
    return new FitsException(ErrorKind.WRONG_HDU_KIND, place(source.name(), hdu) + ": " + reason);
  }
}
