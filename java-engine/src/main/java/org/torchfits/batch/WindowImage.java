package org.torchfits.batch;

import org.jspecify.annotations.Nullable;
import org.torchfits.error.FitsException;
import org.torchfits.image.ImageRequest;
import org.torchfits.image.SharedImage;

/**
 * One image of a window, of which one or many items are: opened once, by the first thread that
 * needs it, and closed after the last item. One that cannot be opened is not tried again.
 */
final class WindowImage {
  private final WindowFile file;
  private final ImageRequest request;
  private int items;
  private int itemsEnded;
  private @Nullable SharedImage image;
  private @Nullable FitsException failure;

  WindowImage(WindowFile file, ImageRequest request) {
    this.file = file;
    this.request = request;
    file.addImage();
  }

  /** One more item will be read, and {@linkplain #endItem ended}. */
  synchronized void addItem() {
    items++;
  }

  /** The image, opened if it was not. */
  synchronized SharedImage open() {
    if (failure != null) {
      throw failure;
    }
    if (image == null) {
      try {
        image = SharedImage.open(file.path(), file.reader(), request, items > 1);
      } catch (FitsException refused) {
        failure = refused;
        throw refused;
      }
    }
    return image;
  }

  synchronized void endItem() {
    itemsEnded++;
    if (itemsEnded == items) {
      close();
      file.endImage();
    }
  }

  synchronized void close() {
    if (image != null) {
      image.close();
      image = null;
    }
  }
}
