package org.torchfits.source;

import org.jspecify.annotations.Nullable;

/** Bytes as they are stored, in which {@link FitsSource} finds a FITS file. */
interface RawSource extends ByteSource {
  /** What tells these bytes, as they are now, from all others. */
  @Override
  FileIdentity identity();

  /** They will be read often. */
  default void keep() {}

  /**
   * A name of a file that these bytes are, which holds until {@link #close()}, for interfaces that
   * take text; null if they are in no file.
   */
  default @Nullable String descriptorPath() {
    return null;
  }
}
