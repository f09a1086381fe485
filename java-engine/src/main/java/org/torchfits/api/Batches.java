package org.torchfits.api;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.torchfits.batch.BatchItem;
import org.torchfits.batch.BatchReader;
import org.torchfits.batch.CutoutReader;
import org.torchfits.batch.RaggedReader;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.TensorView;
import org.torchfits.header.HduSelector;
import org.torchfits.image.ImageRequest;

/** Reads batches for Python. */
public final class Batches {
  /** Stands between two paths: the one byte that no path holds. */
  private static final String SEPARATOR = "\0";

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
            : BatchReader.loadInto(items, TensorView.at(out, Abi.UNVERSIONED)));
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
    TensorView bounds = TensorView.at(boxes, Abi.UNVERSIONED);
    return Tasks.begin(() ->
        out == 0
            ? CutoutReader.load(path, request, bounds, fill, Abi.UNVERSIONED)
            : CutoutReader.loadInto(
                path, request, bounds, fill, TensorView.at(out, Abi.UNVERSIONED)));
  }

  private static List<BatchItem> items(
      String paths, String hdus, @Nullable String sections, @Nullable String dtype) {
    String[] path = paths.split(SEPARATOR, -1);
    String[] hdu = hdus.split(SEPARATOR, -1);
    String[] section = sections == null ? new String[0] : sections.split(SEPARATOR, -1);
    ElementType type = dtype == null ? null : ElementType.valueOf(dtype);
    int count = Math.max(path.length, Math.max(hdu.length, section.length));
    List<BatchItem> items = new ArrayList<>(count);
    ImageRequest request = null;
    for (int i = 0; i < count; i++) {
      if (request == null || hdu.length > 1 || section.length > 1) {
        String part = section.length == 0 ? null : of(section, i);
        request = new ImageRequest(selector(of(hdu, i)), part, true, type, false);
      }
      items.add(new BatchItem(of(path, i), request));
    }
    return items;
  }

  private static String of(String[] values, int item) {
    return values.length == 1 ? values[0] : values[item];
  }

  private static HduSelector selector(String text) {
    String[] parts = text.split(",", 3);
    int index = Integer.parseInt(parts[0]);
    String name = index == HduSelector.BY_NAME ? parts[2] : null;
    return new HduSelector(index, name, Integer.parseInt(parts[1]));
  }
}
