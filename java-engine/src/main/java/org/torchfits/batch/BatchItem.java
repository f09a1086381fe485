package org.torchfits.batch;

import org.torchfits.image.ImageReader;
import org.torchfits.image.ImageRequest;
import org.torchfits.image.OpenImage;

/**
 * One image of a batch.
 *
 * @param path as for {@link ImageReader#open}
 */
public record BatchItem(String path, ImageRequest request) {
  OpenImage open() {
    return ImageReader.open(path, request);
  }
}
