package org.torchfits.image;

import java.lang.foreign.MemorySegment;
import org.torchfits.dlpack.Abi;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.NativeMemoryException;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.work.Job;
import org.torchfits.work.Task;
import org.torchfits.work.Workers;

/** Reads one image into a block of its own. */
public final class ImageLoader {
  /** Up to this one thread is done before a second one, woken for it, would have been of help. */
  private static final long SMALL_BYTES = 2 << 20;

  private ImageLoader() {}

  /**
   * The task of reading an image.
   *
   * @param path as for {@link ImageReader#open}
   */
  public static Task load(String path, ImageRequest request, Abi abi) {
    return load(ImageReader.open(path, request), abi);
  }

  /**
   * The task of reading an image. Engine threads begin with a large one at once, the caller's help
   * does a small one.
   *
   * @param image is closed with the task
   */
  public static Task load(OpenImage image, Abi abi) {
    try {
      DlpackTensor block = allocate(image, abi);
      MemorySegment target = block.elements();
      Job job = new Job(image.pieces(), piece -> image.readPiece(piece, target));
      if (image.isParallel() && image.bytes() > SMALL_BYTES) {
        Workers.share(job);
      }
      return new Task(job, block, image::close);
    } catch (RuntimeException | Error failure) {
      image.close();
      throw failure;
    }
  }

  private static DlpackTensor allocate(OpenImage image, Abi abi) {
    try {
      return DlpackTensor.allocate(abi, image.type(), image.shape());
    } catch (NativeMemoryException | ArithmeticException refused) {
      throw new FitsException(ErrorKind.OUT_OF_MEMORY, image.place() + ": " + refused.getMessage());
    }
  }
}
