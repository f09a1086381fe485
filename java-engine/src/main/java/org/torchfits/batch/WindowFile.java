package org.torchfits.batch;

import org.jspecify.annotations.Nullable;
import org.torchfits.cache.OpenFiles;
import org.torchfits.error.FitsException;
import org.torchfits.header.HduReader;

/**
 * One file of a window: opened once, by the first thread that reads an image of it, and closed
 * after the last one.
 */
final class WindowFile {
  private final String path;
  private int imagesLeft;
  private @Nullable HduReader reader;
  private @Nullable FitsException failure;

  /**
   * @param path as for {@link OpenFiles#open}
   */
  WindowFile(String path) {
    this.path = path;
  }

  String path() {
    return path;
  }

  /** One more image will be read, and {@linkplain #endImage ended}. */
  synchronized void addImage() {
    imagesLeft++;
  }

  /** Whether images of it are still to be read. */
  synchronized boolean isUsed() {
    return imagesLeft > 0;
  }

  /** A reader of its own for one image, to be closed before the image is ended. */
  synchronized HduReader reader() {
    if (failure != null) {
      throw failure;
    }
    try {
      if (reader == null) {
        reader = OpenFiles.open(path);
      }
      return reader.shared();
    } catch (FitsException refused) {
      failure = refused;
      throw refused;
    }
  }

  synchronized void endImage() {
    imagesLeft--;
    if (imagesLeft == 0) {
      close();
    }
  }

  synchronized void close() {
    if (reader != null) {
      reader.close();
      reader = null;
    }
  }
}
