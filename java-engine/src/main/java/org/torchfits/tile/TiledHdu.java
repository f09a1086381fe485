package org.torchfits.tile;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduReader;
import org.torchfits.header.Keywords;
import org.torchfits.source.FileIdentity;

/**
 * What the header of a compressed image says of its tiles. Of files whose identity is known it is
 * parsed once.
 */
record TiledHdu(TileTable table, TileDecoder decoder) {
  private static final int KEPT = 1024;

  /** Which HDU of which file; guarded by this class. */
  private record Key(FileIdentity file, int hdu) {}

  /** By what was used last. */
  private static final Map<Key, TiledHdu> KNOWN = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * @param place file and HDU, as errors show them
   */
  static TiledHdu of(String place, HduReader reader, Hdu hdu) {
    FileIdentity file = reader.source().settledIdentity();
    Key key = file == null ? null : new Key(file, hdu.index());
    TiledHdu known = known(key);
    if (known != null) {
      return known;
    }
    Keywords header = new Keywords(place, reader.headerText(hdu));
    TileTable table = TileTable.of(hdu, header);
    TiledHdu parsed = new TiledHdu(table, new TileDecoder(hdu, header, table));
    keep(key, parsed);
    return parsed;
  }

  /** Forgets all headers. */
  static void clear() {
    synchronized (KNOWN) {
      KNOWN.clear();
    }
  }

  private static @Nullable TiledHdu known(@Nullable Key key) {
    synchronized (KNOWN) {
      return key == null ? null : KNOWN.get(key);
    }
  }

  private static void keep(@Nullable Key key, TiledHdu parsed) {
    if (key == null) {
      return;
    }
    synchronized (KNOWN) {
      KNOWN.put(key, parsed);
      if (KNOWN.size() > KEPT) {
        KNOWN.remove(KNOWN.keySet().iterator().next());
      }
    }
  }
}
