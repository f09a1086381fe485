package org.torchfits.dlpack;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/** Fields of {@code struct statx}. */
public final class StatView {
  /** Size of the struct. */
  public static final long BYTES = 256;

  private static final long NANOS_PER_SECOND = 1_000_000_000;
  private static final long MODE_OFFSET = 28;
  private static final long INODE_OFFSET = 32;
  private static final long SIZE_OFFSET = 40;
  private static final long BLOCKS_OFFSET = 48;
  private static final long BLOCK_BYTES = 512;
  private static final long CHANGE_TIME_OFFSET = 96;
  private static final long MODIFICATION_TIME_OFFSET = 112;
  private static final long DEVICE_OFFSET = 136;
  private static final int TYPE_MASK = 0170000;
  private static final int REGULAR = 0100000;
  private static final int DIRECTORY = 0040000;

  private StatView() {}

  public static boolean isRegular(MemorySegment struct) {
    return type(struct) == REGULAR;
  }

  public static boolean isDirectory(MemorySegment struct) {
    return type(struct) == DIRECTORY;
  }

  /** Size of the file in bytes. */
  public static long size(MemorySegment struct) {
    return struct.get(JAVA_LONG, SIZE_OFFSET);
  }

  /** What the file takes of its disk, in bytes: less than its size if it has holes. */
  public static long diskBytes(MemorySegment struct) {
    return struct.get(JAVA_LONG, BLOCKS_OFFSET) * BLOCK_BYTES;
  }

  /** Number of the file on its device. */
  public static long inode(MemorySegment struct) {
    return struct.get(JAVA_LONG, INODE_OFFSET);
  }

  /** Major and minor number of the device, as one number. */
  public static long device(MemorySegment struct) {
    return struct.get(JAVA_LONG, DEVICE_OFFSET);
  }

  /** When the content last changed: nanoseconds since 1970, as exact as the file system is. */
  public static long modificationNanos(MemorySegment struct) {
    return nanos(struct, MODIFICATION_TIME_OFFSET);
  }

  /** When content or attributes last changed: as {@link #modificationNanos}, but nobody sets it. */
  public static long changeNanos(MemorySegment struct) {
    return nanos(struct, CHANGE_TIME_OFFSET);
  }

  /** Of a {@code struct statx_timestamp}: seconds as a long, nanoseconds as an int. */
  private static long nanos(MemorySegment struct, long offset) {
    return struct.get(JAVA_LONG, offset) * NANOS_PER_SECOND
        + struct.get(JAVA_INT, offset + Long.BYTES);
  }

  private static int type(MemorySegment struct) {
    return struct.get(JAVA_SHORT, MODE_OFFSET) & TYPE_MASK;
  }
}
