package org.torchfits.api;

import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.TensorView;
import org.torchfits.header.HduSelector;
import org.torchfits.image.Calibration;
import org.torchfits.image.ImageLoader;
import org.torchfits.image.ImageReader;
import org.torchfits.image.ImageRequest;
import org.torchfits.image.OpenImage;
import org.torchfits.image.StoredLoader;
import org.torchfits.work.Unfinished;

/** Reads images for Python. */
public final class Images {
  private Images() {}

  /**
   * What shall be read of images: to be made once and passed to many calls, since each argument of
   * a call from Python costs time.
   *
   * @param hdu from 0; -1 for {@code name}, -2 for the first image
   * @param version EXTVER; 0 for any
   * @param dtype name of an {@link ElementType} of numbers; null for the exact type
   * @param general whether cfitsio must read
   */
  public static ImageRequest request(
      int hdu,
      @Nullable String name,
      int version,
      boolean scaled,
      @Nullable String dtype,
      boolean general) {
    ElementType type = dtype == null ? null : ElementType.valueOf(dtype);
    return new ImageRequest(new HduSelector(hdu, name, version), null, scaled, type, general);
  }

  /**
   * Reads one image into a new block.
   *
   * @param path the bytes of the file's name, one in each char
   * @param section as {@link org.torchfits.image.Section#parse} has it; null for all
   * @param request for all of an image
   * @return as {@link Tasks} has it
   */
  public static long readImage(String path, @Nullable String section, ImageRequest request) {
    return Tasks.begin(() -> ImageLoader.load(path, request.of(section), Abi.UNVERSIONED));
  }

  /**
   * Reads the parameters of random groups, (GCOUNT, PCOUNT), in the type that they are stored in.
   *
   * @return as {@link Tasks} has it
   * @see #request for the parameters
   */
  public static long readParameters(String path, int hdu, @Nullable String name, int version) {
    HduSelector selector = new HduSelector(hdu, name, version);
    return Tasks.begin(
        () -> ImageLoader.load(ImageReader.openParameters(path, selector), Abi.UNVERSIONED));
  }

  /**
   * What {@link #readImage} would read: index of the HDU, element type, {@link OpenImage#offset},
   * and shape with commas between the axes, separated by tabs. Null if this takes long: the caller
   * looks for signals and calls again.
   *
   * @see #request for the parameters
   */
  public static @Nullable String describeImage(
      String path, int hdu, @Nullable String name, int version) {
    ImageRequest request = request(hdu, name, version, true, null, false);
    try (OpenImage image = ImageReader.open(path, request)) {
      String shape =
          LongStream.of(image.shape()).mapToObj(Long::toString).collect(Collectors.joining(","));
      return image.hdu() + "\t" + image.type() + "\t" + image.offset() + "\t" + shape;
    } catch (Unfinished comeBack) {
      return null;
    }
  }

  /**
   * Reads one image, calibrated, into a new block.
   *
   * @param dtype FLOAT32, FLOAT16 or BFLOAT16
   * @param offset subtracted from each pixel
   * @param offsets address of the {@code DLManagedTensor} of FLOAT32 with an offset for each pixel
   *     of the result; 0 for none
   * @param gain factor of each pixel
   * @param gains likewise with factors
   * @return as {@link Tasks} has it
   * @see #request for the other parameters
   * @see #readImage likewise
   */
  public static long readCalibrated(
      String path,
      int hdu,
      @Nullable String name,
      int version,
      @Nullable String section,
      boolean scaled,
      String dtype,
      boolean general,
      double offset,
      long offsets,
      double gain,
      long gains) {
    ImageRequest request = request(hdu, name, version, scaled, dtype, general).of(section);
    Calibration calibration =
        new Calibration((float) offset, view(offsets), (float) gain, view(gains));
    return Tasks.begin(() ->
        ImageLoader.load(ImageReader.openCalibrated(path, request, calibration), Abi.UNVERSIONED));
  }

  private static @Nullable TensorView view(long address) {
    return address == 0 ? null : TensorView.at(address, Abi.UNVERSIONED);
  }

  /**
   * How an image is stored, as {@link StoredLoader#describe} has it; null as for {@link
   * Headers#readHeader}.
   *
   * @see #request for the parameters
   */
  public static @Nullable String describeStored(
      String path,
      int hdu,
      @Nullable String name,
      int version,
      @Nullable String section,
      boolean scaled) {
    try {
      return StoredLoader.describe(
          path, request(hdu, name, version, scaled, null, false).of(section));
    } catch (Unfinished comeBack) {
      return null;
    }
  }

  /**
   * Reads stored values, big-endian as they are, into memory of the caller.
   *
   * @param first element of the result, in C order
   * @param out address of the {@code DLManagedTensor} that is filled
   * @return as {@link Tasks} has it
   * @see #request for the other parameters
   * @see #readImage likewise
   */
  public static long readStored(
      String path,
      int hdu,
      @Nullable String name,
      int version,
      @Nullable String section,
      long first,
      long out) {
    ImageRequest request = request(hdu, name, version, false, null, false).of(section);
    return Tasks.begin(
        () -> StoredLoader.load(path, request, first, TensorView.at(out, Abi.UNVERSIONED)));
  }
}
