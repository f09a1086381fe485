package org.torchfits.image;

import org.torchfits.header.Hdu;
import org.torchfits.header.HduReader;
import org.torchfits.tile.TileReader;

/**
 * The tiles of a compressed image, for one or many readers of it.
 *
 * @param areWantedAgain whether several parts of the image are read, so that each tile is worth
 *     keeping until the last of them was
 */
record SharedTiles(TileReader reader, boolean areWantedAgain) {
  /**
   * The tiles of an image.
   *
   * @param reader is not asked for another HDU any more
   * @param hdu a compressed image
   */
  static SharedTiles of(HduReader reader, Hdu hdu, boolean areWantedAgain) {
    String place = ImageReader.place(reader.source().name(), hdu);
    return new SharedTiles(new TileReader(place, reader, hdu, areWantedAgain), areWantedAgain);
  }
}
