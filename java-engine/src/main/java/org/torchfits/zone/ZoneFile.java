package org.torchfits.zone;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A zone map as bytes: what it is of, a part for each column, and a checksum of all. What was cut,
 * changed or made by another version is no map.
 */
final class ZoneFile {
  /** The last digits count the versions of the format and of what the numbers in it mean. */
  private static final long MAGIC = 0x544653_5A4F4E_0001L;

  private static final int HEADER_BYTES = 8 + 5 * 8 + 4 + 8 + 8 + 4 + 4;
  private static final int COLUMN_BYTES = 4 + 4;
  private static final int CHECKSUM_BYTES = 8;

  private ZoneFile() {}

  static byte[] encode(ZoneMap map, ZoneMaps.Key key) {
    Map<Integer, ColumnZones> columns = map.columns();
    long bytes = HEADER_BYTES + CHECKSUM_BYTES;
    for (ColumnZones column : columns.values()) {
      bytes += COLUMN_BYTES + column.bytes();
    }
    ByteBuffer into = ByteBuffer.allocate(Math.toIntExact(bytes));
    putHeader(into, map, key, columns.size());
    synchronized (map) {
      columns.forEach((index, column) -> put(into, index, column));
    }
    into.putLong(checksum(into.array(), into.position()));
    return into.array();
  }

  private static void putHeader(ByteBuffer into, ZoneMap map, ZoneMaps.Key key, int columns) {
    into.putLong(MAGIC);
    into.putLong(key.file().device()).putLong(key.file().inode()).putLong(key.file().size());
    into.putLong(key.file().mtimeNanos()).putLong(key.file().ctimeNanos());
    into.putInt(key.hdu()).putLong(key.rows()).putLong(key.rowBytes());
    into.putInt(map.zoneRows()).putInt(columns);
  }

  private static void put(ByteBuffer into, int index, ColumnZones column) {
    into.putInt(index).putInt(column.kind.letter());
    into.asIntBuffer().put(column.nulls);
    into.position(into.position() + column.nulls.length * Integer.BYTES);
    into.asLongBuffer().put(column.low).put(column.high);
    into.position(into.position() + (column.low.length + column.high.length) * Long.BYTES);
  }

  private static long checksum(byte[] bytes, int length) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes, 0, length);
    return checksum.getValue();
  }

  /** The map; null if these are not the bytes of a map of that table. */
  static @Nullable ZoneMap decode(byte[] bytes, ZoneMaps.Key key) {
    int end = bytes.length - CHECKSUM_BYTES;
    if (end < HEADER_BYTES || ByteBuffer.wrap(bytes).getLong(end) != checksum(bytes, end)) {
      return null;
    }
    ByteBuffer from = ByteBuffer.wrap(bytes, 0, end);
    ZoneMap map = new ZoneMap(key.rows(), ZoneMap.zoneRows(key.rows(), key.rowBytes()));
    int columns = from.getInt(HEADER_BYTES - Integer.BYTES);
    ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
    putHeader(header, map, key, columns);
    if (!header.flip().equals(from.slice(0, HEADER_BYTES))) {
      return null;
    }
    from.position(HEADER_BYTES);
    for (int i = 0; i < columns; i++) {
      if (!take(from, map)) {
        return null;
      }
    }
    return from.hasRemaining() ? null : map;
  }

  /** Whether there was a column to be taken. */
  private static boolean take(ByteBuffer from, ZoneMap map) {
    if (from.remaining() < COLUMN_BYTES) {
      return false;
    }
    int index = from.getInt();
    ZoneKind kind = ZoneKind.of(from.getInt());
    if (kind == null || from.remaining() / kind.bytes() < map.zones()) {
      return false;
    }
    ColumnZones column = new ColumnZones(kind, map.zones());
    from.asIntBuffer().get(column.nulls);
    from.position(from.position() + column.nulls.length * Integer.BYTES);
    from.asLongBuffer().get(column.low).get(column.high);
    from.position(from.position() + (column.low.length + column.high.length) * Long.BYTES);
    column.count();
    map.load(index, column);
    return true;
  }
}
