package org.torchfits.api;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.torchfits.batch.Arrangement;
import org.torchfits.batch.BatchItem;
import org.torchfits.batch.BatchReader;
import org.torchfits.batch.CutoutReader;
import org.torchfits.batch.RaggedReader;
import org.torchfits.batch.WindowItems;
import org.torchfits.batch.WindowReader;
import org.torchfits.batch.WindowRequest;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.TensorView;
import org.torchfits.header.HduSelector;
import org.torchfits.image.ImageRequest;

/** Reads batches for Python. */
public final class Batches {
  private Batches() {}

  /**
   * Reads images of one shape into one block.
   *
   * @param paths the bytes of the files' names, one in each char, joined by NUL; a single one is
   *     that of all items
   * @param hdus {@code number,version,name} of each item's HDU as for {@link Images#readImage},
   *     joined by NUL; a single one is that of all items
   * @param sections likewise, as {@link org.torchfits.image.Section#parse} has them; null for whole
   *     images
   * @param out address of the {@code DLManagedTensor} that is filled; 0 for a new block
   * @return as {@link Tasks} has it
   * @see Images#readImage for the other parameters
   */
  public static long readBatch(
      String paths, String hdus, @Nullable String sections, @Nullable String dtype, long out) {
    List<BatchItem> items = items(paths, hdus, sections, dtype);
    return Tasks.begin(() ->
        out == 0
            ? BatchReader.load(items, Abi.UNVERSIONED)
            : BatchReader.loadInto(items, view(out)));
  }

  /**
   * Reads images of any shapes, each into a block of its own.
   *
   * @return as {@link RaggedReader#loadEach} and {@link Tasks} have it
   * @see #readBatch for the parameters
   */
  public static long readEach(
      String paths, String hdus, @Nullable String sections, @Nullable String dtype) {
    List<BatchItem> items = items(paths, hdus, sections, dtype);
    return Tasks.begin(() -> RaggedReader.loadEach(items, Abi.UNVERSIONED));
  }

  /**
   * Reads images of different shapes into one block.
   *
   * @param fill a number for the elements that no image has
   * @return as {@link RaggedReader#loadPadded} and {@link Tasks} have it
   * @see #readBatch for the other parameters
   */
  public static long readPadded(
      String paths, String hdus, @Nullable String sections, @Nullable String dtype, String fill) {
    List<BatchItem> items = items(paths, hdus, sections, dtype);
    return Tasks.begin(() -> RaggedReader.loadPadded(items, fill, Abi.UNVERSIONED));
  }

  /**
   * Reads boxes of one image into one block.
   *
   * @param boxes address of the {@code DLManagedTensor} of their bounds, INT64 (boxes, axes, 2):
   *     start and stop of each axis in C order, pixels from 0; a start of -2^63 and a stop of 2^63
   *     - 1 mean the image's own
   * @param fill a number for the pixels outside the image
   * @param out address of the {@code DLManagedTensor} that is filled; 0 for a new block
   * @return as {@link Tasks} has it
   * @see Images#readImage for the other parameters
   */
  public static long readCutouts(
      String path,
      int hdu,
      @Nullable String name,
      int version,
      long boxes,
      String fill,
      @Nullable String dtype,
      long out) {
    ImageRequest request = Images.request(hdu, name, version, true, dtype, false);
    TensorView bounds = view(boxes);
    return Tasks.begin(() ->
        out == 0
            ? CutoutReader.load(path, request, bounds, fill, Abi.UNVERSIONED)
            : CutoutReader.loadInto(path, request, bounds, fill, view(out)));
  }

  /**
   * Begins to read a window; the result is as {@link WindowReader} has it.
   *
   * @param number of the task for {@link PendingTasks}
   * @param paths the bytes of the files' names, one in each char, joined by NUL; empty for none
   * @param hdus as for {@link #readBatch}
   * @param items address of the {@code DLManagedTensor} of INT64 (items, 2 + 2 * axes): number of
   *     the file or -1 for none, number of the HDU, then the bounds of each axis as for {@link
   *     #readCutouts}; without axes for whole images
   * @param section of whole images, as for {@link #readBatch}; null for all of them
   * @param rows likewise of INT64 (batches): how many items each has, one behind the other
   * @param fill a number for what no image has
   * @param keepGoing whether items that cannot be read are told, and their slots filled
   * @param shape of all items, with commas between the axes; null for that of the first one that
   *     can be read
   * @param outs address of the {@code DLManagedTensor} of INT64 (batches): addresses of those that
   *     are filled, kept until the task is gone; 0 for new blocks
   * @param moves address of the {@code DLManagedTensor} of INT64 (items, 3): first row and column
   *     of the part of each item that is wanted, and its symmetry: 1 if its rows are mirrored, 2 if
   *     its columns are, and 4 if it is transposed then; 0 for items as they are
   * @param height of the parts at the end
   * @param width likewise
   * @param scales likewise of FLOAT64 (bands, 2): what is subtracted from the elements of item i,
   *     and then divides them, in row i % bands; 0 for none
   * @see Images#request for the other parameters
   */
  public static void beginWindow(
      long number,
      String paths,
      String hdus,
      long items,
      @Nullable String section,
      long rows,
      String fill,
      @Nullable String dtype,
      boolean scaled,
      boolean keepGoing,
      @Nullable String shape,
      long outs,
      long moves,
      long height,
      long width,
      long scales) {
    List<String> files = paths.isEmpty() ? List.of() : Parts.of(paths);
    ElementType type = dtype == null ? null : ElementType.valueOf(dtype);
    List<ImageRequest> images =
        Parts.of(hdus).stream()
            .map(hdu -> new ImageRequest(selector(hdu), section, scaled, type, false))
            .toList();
    WindowRequest request =
        new WindowRequest(
            files,
            images,
            WindowItems.of(view(items), files.size(), images.size()),
            LongStream.of(numbers(rows)).mapToInt(Math::toIntExact).toArray(),
            fill,
            keepGoing,
            shape == null ? null : lengths(shape),
            outs == 0 ? List.of() : LongStream.of(numbers(outs)).mapToObj(Batches::view).toList(),
            Arrangement.of(viewOrNull(moves), height, width, viewOrNull(scales)));
    PendingTasks.begin(number, () -> WindowReader.load(request, Abi.UNVERSIONED));
  }

  private static TensorView view(long address) {
    return TensorView.at(address, Abi.UNVERSIONED);
  }

  private static @Nullable TensorView viewOrNull(long address) {
    return address == 0 ? null : view(address);
  }

  private static long[] numbers(long address) {
    return view(address).elements().toArray(JAVA_LONG);
  }

  private static long[] lengths(String shape) {
    return Stream.of(shape.split(",", -1))
        .filter(length -> !length.isEmpty())
        .mapToLong(Long::parseLong)
        .toArray();
  }

  private static List<BatchItem> items(
      String paths, String hdus, @Nullable String sections, @Nullable String dtype) {
    List<String> path = Parts.of(paths);
    List<String> hdu = Parts.of(hdus);
    List<String> section = sections == null ? List.of() : Parts.of(sections);
    ElementType type = dtype == null ? null : ElementType.valueOf(dtype);
    int count = Math.max(path.size(), Math.max(hdu.size(), section.size()));
    List<BatchItem> items = new ArrayList<>(count);
    ImageRequest request = null;
    for (int i = 0; i < count; i++) {
      if (request == null || hdu.size() > 1 || section.size() > 1) {
        String part = section.isEmpty() ? null : of(section, i);
        request = new ImageRequest(selector(of(hdu, i)), part, true, type, false);
      }
      items.add(new BatchItem(of(path, i), request));
    }
    return items;
  }

  private static String of(List<String> values, int item) {
    return values.get(values.size() == 1 ? 0 : item);
  }

  private static HduSelector selector(String text) {
    String[] parts = text.split(",", 3);
    int index = Integer.parseInt(parts[0]);
    String name = index == HduSelector.BY_NAME ? parts[2] : null;
    return new HduSelector(index, name, Integer.parseInt(parts[1]));
  }
}
