package org.torchfits.tile;

import java.lang.foreign.MemorySegment;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.header.HduReader;
import org.torchfits.source.ByteSource;

/**
 * The bytes of tiles as they stand in the file.
 *
 * @param place file and HDU, as errors show them
 * @param reader is not asked for another HDU
 */
record TileBytes(String place, HduReader reader) {
  /**
   * The bytes [offset, offset + bytes) of the file, which has them.
   *
   * @return memory that is valid until the next call with that scratch
   * @throws FitsException of kind TRUNCATED if the file became shorter
   */
  MemorySegment read(long offset, long bytes, TileScratch scratch) {
    MemorySegment buffered = reader.buffered(offset, bytes);
    if (buffered != null) {
      return buffered;
    }
    MemorySegment into = scratch.compressed(bytes);
    if (reader.source().read(offset, into) < bytes) {
      throw truncated("the file became shorter while it was read");
    }
    return into;
  }

  /**
   * @param what the bytes up to there are
   * @throws FitsException of kind TRUNCATED if the file ends before
   */
  void requireInFile(long end, String what) {
    ByteSource source = reader.source();
    if (!source.reaches(end)) {
      throw truncated(what + " end at byte " + end + ", the file at byte " + source.size());
    }
  }

  FitsException truncated(String reason) {
    return new FitsException(ErrorKind.TRUNCATED, place + ": " + reason);
  }
}
