package org.torchfits.source;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** The directory at the end of a zip archive (PKWARE's APPNOTE 6.3, sections 4.3.12 to 4.3.16). */
final class ZipDirectory {
  private static final int END = 0x06054B50;
  private static final int END_BYTES = 22;
  private static final int LOCATOR_64 = 0x07064B50;
  private static final int LOCATOR_64_BYTES = 20;
  private static final int END_64 = 0x06064B50;
  private static final int END_64_BYTES = 56;
  private static final int ENTRY = 0x02014B50;
  private static final int ENTRY_BYTES = 46;
  private static final int ENCRYPTED = 1;
  private static final int EXTRA_64 = 1;
  private static final long IN_EXTRA = 0xFFFFFFFFL;
  private static final int MAX_COMMENT_BYTES = 0xFFFF;

  /** Some 100,000 members; more are no image's archive. */
  private static final long MAX_BYTES = 8 << 20;

  private final ByteSource archive;

  private ZipDirectory(ByteSource archive) {
    this.archive = archive;
  }

  /** The members of an archive in the order of its directory, folders too. */
  static List<ZipMember> members(ByteSource archive) throws IOException {
    return new ZipDirectory(archive).read();
  }

  private List<ZipMember> read() throws IOException {
    long size = archive.size();
    long tailStart = Math.max(0, size - END_BYTES - MAX_COMMENT_BYTES);
    ByteBuffer tail = bytes(tailStart, size - tailStart);
    int end = lastEnd(tail);
    long count = tail.getInt(end + 12) & 0xFFFFFFFFL;
    long offset = tail.getInt(end + 16) & 0xFFFFFFFFL;
    if (count == IN_EXTRA || offset == IN_EXTRA) {
      ByteBuffer end64 = end64(tailStart + end);
      count = end64.getLong(40);
      offset = end64.getLong(48);
    }
    if (count < 0 || count > MAX_BYTES) {
      throw new IOException("a zip directory of " + count + " bytes");
    }
    return entries(bytes(offset, count));
  }

  private static int lastEnd(ByteBuffer tail) throws IOException {
    for (int at = tail.limit() - END_BYTES; at >= 0; at--) {
      if (tail.getInt(at) == END) {
        return at;
      }
    }
    throw new EOFException("the zip archive has no directory at its end");
  }

  private ByteBuffer end64(long end) throws IOException {
    ByteBuffer locator = bytes(end - LOCATOR_64_BYTES, LOCATOR_64_BYTES);
    if (locator.getInt(0) != LOCATOR_64) {
      throw new IOException("the zip archive's large directory cannot be found");
    }
    ByteBuffer end64 = bytes(locator.getLong(8), END_64_BYTES);
    if (end64.getInt(0) != END_64) {
      throw new IOException("the zip archive's large directory is not where it should be");
    }
    return end64;
  }

  private static List<ZipMember> entries(ByteBuffer directory) throws IOException {
    List<ZipMember> members = new ArrayList<>();
    while (directory.remaining() >= ENTRY_BYTES) {
      members.add(entry(directory.slice().order(ByteOrder.LITTLE_ENDIAN), directory));
    }
    return members;
  }

  /** Reads the entry at the start of {@code entry} and moves {@code directory} behind it. */
  private static ZipMember entry(ByteBuffer entry, ByteBuffer directory) throws IOException {
    int nameBytes = Short.toUnsignedInt(entry.getShort(28));
    int extraBytes = Short.toUnsignedInt(entry.getShort(30));
    int commentBytes = Short.toUnsignedInt(entry.getShort(32));
    int total = ENTRY_BYTES + nameBytes + extraBytes + commentBytes;
    if (entry.getInt(0) != ENTRY || total > entry.remaining()) {
      throw new IOException("the zip directory is damaged");
    }
    directory.position(directory.position() + total);
    byte[] name = new byte[nameBytes];
    entry.get(ENTRY_BYTES, name);
    long[] large = large(entry, ENTRY_BYTES + nameBytes, extraBytes);
    return new ZipMember(
        new String(name, UTF_8),
        Short.toUnsignedInt(entry.getShort(10)),
        (entry.getShort(8) & ENCRYPTED) != 0,
        Integer.toUnsignedLong(entry.getInt(16)),
        large[1],
        large[0],
        large[2]);
  }

  /**
   * Size, compressed size and offset: those that do not fit the entry stand in a field behind it.
   */
  private static long[] large(ByteBuffer entry, int extra, int extraBytes) throws IOException {
    long[] numbers = {
      Integer.toUnsignedLong(entry.getInt(24)),
      Integer.toUnsignedLong(entry.getInt(20)),
      Integer.toUnsignedLong(entry.getInt(42))
    };
    int at = field64(entry, extra, extra + extraBytes);
    for (int i = 0; i < numbers.length; i++) {
      if (numbers[i] == IN_EXTRA) {
        if (at < 0 || at + Long.BYTES > extra + extraBytes) {
          throw new IOException("the zip directory lacks a size");
        }
        numbers[i] = entry.getLong(at);
        at += Long.BYTES;
      }
      if (numbers[i] < 0) {
        throw new IOException("the zip directory has a size beyond all bounds");
      }
    }
    return numbers;
  }

  /** Where the content of the field for large numbers begins; -1 if there is none. */
  private static int field64(ByteBuffer entry, int start, int end) {
    for (int at = start; at + 4 <= end; at += 4 + Short.toUnsignedInt(entry.getShort(at + 2))) {
      if (entry.getShort(at) == EXTRA_64) {
        return at + 4;
      }
    }
    return -1;
  }

  private ByteBuffer bytes(long offset, long count) throws IOException {
    byte[] bytes = new byte[Math.toIntExact(count)];
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment into = arena.allocate(Math.max(1, count));
      if (offset < 0 || archive.read(offset, into.asSlice(0, count)) < count) {
        throw new EOFException("the zip archive ends before its directory does");
      }
      MemorySegment.copy(into, JAVA_BYTE, 0, bytes, 0, bytes.length);
    }
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
