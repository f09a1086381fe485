package org.torchfits.source;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;
import org.torchfits.error.FitsException;

/**
 * A file of slots of one size, each of which is empty or holds what was put into it, with a kind
 * from 0. Several processes may read and write it at once, as long as they put the same into a
 * slot: the record of a slot is written after its bytes and has their checksum, so that what a
 * writer that was killed, a full disk or a power failure left is an empty slot.
 *
 * <p>Nothing is mapped: a file that another process cuts is one with empty slots.
 *
 * <p>Safe for use by several threads.
 */
public final class SlotFile implements AutoCloseable {
  /** What {@link #read} returns for an empty slot. */
  public static final int EMPTY = -1;

  /** Before the first slot. */
  static final int HEADER_BYTES = 4096;

  /** Before the bytes of each slot: magic, kind, length, checksum, and nothing. */
  static final int RECORD_BYTES = 64;

  /** With slots of at most 1 GiB no place overflows. */
  private static final long MOST_SLOTS = 1L << 31;

  /** The checksum has one byte of the kind. */
  private static final int KINDS = 256;

  private static final int MAGIC = 0x746f5321;

  private final SlotFolder folder;
  private final FileSource file;
  private final int descriptor;
  private final boolean isWritable;
  private final long slotBytes;

  /**
   * @param descriptor is closed with this
   */
  SlotFile(SlotFolder folder, int descriptor, boolean isWritable, long slotBytes) {
    this.folder = folder;
    this.file = FileSource.of("a file of the cache", descriptor);
    this.descriptor = descriptor;
    this.isWritable = isWritable;
    this.slotBytes = slotBytes;
  }

  /** Whether the file begins with these bytes. */
  boolean hasHeader(byte[] header) {
    try (Scratch scratch = Scratch.borrow()) {
      MemorySegment start = scratch.bytes().asSlice(0, header.length);
      return isRead(0, start) && start.mismatch(MemorySegment.ofArray(header)) == -1;
    }
  }

  /**
   * Reads a slot.
   *
   * @param slot from 0
   * @param into takes what was put there, from its start on; if that is longer, the slot counts as
   *     empty
   * @return the kind, or {@link #EMPTY}; then the content of {@code into} is undefined
   */
  public int read(long slot, MemorySegment into) {
    int kind = slot < MOST_SLOTS ? readSlot(place(slot), (int) slot, into) : EMPTY;
    folder.countRead(kind != EMPTY);
    return kind;
  }

  private int readSlot(long place, int slot, MemorySegment into) {
    try (Scratch scratch = Scratch.borrow()) {
      MemorySegment record = scratch.bytes().asSlice(0, RECORD_BYTES);
      if (!isRead(place, record) || record.getAtIndex(JAVA_INT, 0) != MAGIC) {
        return EMPTY;
      }
      int kind = record.getAtIndex(JAVA_INT, 1);
      int length = record.getAtIndex(JAVA_INT, 2);
      int sum = record.getAtIndex(JAVA_INT, 3);
      return isWhole(place, slot, kind, length, sum, into) ? kind : EMPTY;
    }
  }

  private boolean isWhole(long place, int slot, int kind, int length, int sum, MemorySegment into) {
    if (kind < 0 || kind >= KINDS || length < 0 || length > into.byteSize()) {
      return false;
    }
    MemorySegment bytes = into.asSlice(0, length);
    return isRead(place + RECORD_BYTES, bytes) && sum == checksum(slot, kind, bytes);
  }

  private boolean isRead(long offset, MemorySegment into) {
    try {
      return file.read(offset, into) == into.byteSize();
    } catch (FitsException failure) {
      folder.fail(failure.toString());
      return false;
    }
  }

  /**
   * Puts bytes into a slot, unless the file or the folder cannot be written.
   *
   * @param kind from 0 to 255
   * @param from at most as long as a slot
   */
  public void write(long slot, int kind, MemorySegment from) {
    if (!isWritable || !folder.isWritable() || slot >= MOST_SLOTS) {
      return;
    }
    long place = place(slot);
    int errno = FileTarget.write(descriptor, place + RECORD_BYTES, from);
    if (errno == 0) {
      errno = writeRecord(place, (int) slot, kind, from);
    }
    if (errno == 0) {
      folder.countWrite(RECORD_BYTES + from.byteSize());
    } else {
      folder.fail(FileTarget.isFull(errno) ? "no space is left" : "errno " + errno);
    }
  }

  private int writeRecord(long place, int slot, int kind, MemorySegment from) {
    try (Scratch scratch = Scratch.borrow()) {
      MemorySegment record = scratch.bytes().asSlice(0, RECORD_BYTES).fill((byte) 0);
      record.setAtIndex(JAVA_INT, 0, MAGIC);
      record.setAtIndex(JAVA_INT, 1, kind);
      record.setAtIndex(JAVA_INT, 2, (int) from.byteSize());
      record.setAtIndex(JAVA_INT, 3, checksum(slot, kind, from));
      return FileTarget.write(descriptor, place, record);
    }
  }

  private long place(long slot) {
    return HEADER_BYTES + slot * (RECORD_BYTES + slotBytes);
  }

  /** Of bytes where they belong. */
  private static int checksum(int slot, int kind, MemorySegment bytes) {
    CRC32C sum = new CRC32C();
    sum.update(bytes.asByteBuffer());
    sum.update(slot);
    sum.update(slot >> 8);
    sum.update(slot >> 16);
    sum.update(slot >> 24);
    sum.update(kind);
    return (int) sum.getValue();
  }

  @Override
  public void close() {
    file.close();
  }
}
