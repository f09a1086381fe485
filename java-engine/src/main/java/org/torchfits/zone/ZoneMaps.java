package org.torchfits.zone;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.torchfits.source.CacheFolder;
import org.torchfits.source.FileIdentity;

/**
 * The zone maps of tables that were scanned lately, in memory and in a folder of the cache, which
 * other processes share. Both have a bound; the map that was used longest ago goes first.
 *
 * <p>Safe for use by several threads.
 */
public final class ZoneMaps {
  /**
   * Which table. A file that was changed is another one.
   *
   * @param hdu from 0
   * @param rowBytes NAXIS1
   */
  public record Key(FileIdentity file, int hdu, long rows, long rowBytes) {
    /** Of the file that the map is kept in. */
    String fileName() {
      return LongStream.of(
              file.device(), file.inode(), file.size(), file.mtimeNanos(), file.ctimeNanos(), hdu)
          .mapToObj(Long::toHexString)
          .collect(Collectors.joining("-"));
    }
  }

  /** The maps of this process. */
  public static final ZoneMaps OF_PROCESS =
      new ZoneMaps(24 << 20, CacheFolder.named("zones", 128 << 20));

  /** Tables of which nothing may be known take memory too. */
  private static final int MOST_MAPS = 1024;

  private final long bound;
  private final CacheFolder folder;

  /** By what was used last. */
  private final Map<Key, ZoneMap> maps = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * @param bound of the bytes in memory
   */
  public ZoneMaps(long bound, CacheFolder folder) {
    this.bound = bound;
    this.folder = folder;
  }

  /** The map of a table, of which nothing may be known. */
  public ZoneMap of(Key key) {
    ZoneMap known = find(key);
    if (known != null) {
      return known;
    }
    ZoneMap read = read(key);
    synchronized (this) {
      // Another thread may have been here meanwhile.
      ZoneMap first = maps.putIfAbsent(key, read);
      return first == null ? read : first;
    }
  }

  private synchronized @Nullable ZoneMap find(Key key) {
    return maps.get(key);
  }

  private ZoneMap read(Key key) {
    byte[] content = folder.read(key.fileName());
    ZoneMap map = content == null ? null : ZoneFile.decode(content, key);
    return map == null
        ? new ZoneMap(key.rows(), ZoneMap.zoneRows(key.rows(), key.rowBytes()))
        : map;
  }

  /** Writes a map to the folder if there is news in it, and keeps within the bounds. */
  public void keep(Key key, ZoneMap map) {
    trim();
    if (map.takeNews()) {
      folder.write(key.fileName(), ZoneFile.encode(map, key));
    }
  }

  private synchronized void trim() {
    long bytes = maps.values().stream().mapToLong(ZoneMap::bytes).sum();
    Iterator<ZoneMap> eldest = maps.values().iterator();
    while (bytes > bound || maps.size() > MOST_MAPS) {
      bytes -= eldest.next().bytes();
      eldest.remove();
    }
  }

  /** Number of tables of which something may be known in memory. */
  public synchronized int count() {
    return maps.size();
  }

  /** Forgets all maps in memory. */
  public synchronized void forget() {
    maps.clear();
  }

  /** Forgets all maps, in memory and in the folder. */
  public void clear() {
    forget();
    folder.clear();
  }
}
