package org.torchfits.dlpack;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;

/** Fields of {@code struct statx}. */
public final class StatView {
  /** Size of the struct. */
  public static final long BYTES = 256;

  private static final long MODE_OFFSET = 28;
  private static final long SIZE_OFFSET = 40;
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

  private static int type(MemorySegment struct) {
    return struct.get(JAVA_SHORT, MODE_OFFSET) & TYPE_MASK;
  }
}
