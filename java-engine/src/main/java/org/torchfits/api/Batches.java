package org.torchfits.api;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.torchfits.batch.BatchReader;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.TensorView;
import org.torchfits.image.ImageRequest;

/** Reads batches for Python. */
public final class Batches {
  /** Stands between two paths: the one byte that no path holds. */
  private static final String SEPARATOR = "\0";

  private Batches() {}

  /**
   * Reads the same HDU of many files.
   *
   * @param paths the bytes of the files' names, one in each char, joined by NUL
   * @param out address of the {@code DLManagedTensor} that is filled; 0 for a new block
   * @return as {@link Tasks} has it
   * @see Images#readImage for the other parameters
   */
  public static long readBatch(
      String paths,
      int hdu,
      @Nullable String name,
      int version,
      @Nullable String section,
      boolean scaled,
      @Nullable String dtype,
      long out) {
    ImageRequest request = Images.request(hdu, name, version, section, scaled, dtype, false);
    List<String> list = List.of(paths.split(SEPARATOR, -1));
    return Tasks.begin(
        out == 0
            ? BatchReader.load(list, request, Abi.UNVERSIONED)
            : BatchReader.loadInto(list, request, TensorView.at(out, Abi.UNVERSIONED)));
  }
}
