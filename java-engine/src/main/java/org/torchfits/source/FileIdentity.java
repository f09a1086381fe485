package org.torchfits.source;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.torchfits.dlpack.Libc;
import org.torchfits.dlpack.StatView;

/**
 * What tells a regular file (or bytes in memory), and its content at one time, from all others. Two
 * equal identities mean the same bytes if {@link #isSettled} held when the first was taken; then
 * what was learnt from the bytes may be kept.
 *
 * @param device of the file
 * @param inode on that device
 * @param size in bytes
 * @param mtimeNanos when the content last changed, nanoseconds since 1970; of bytes in memory their
 *     address
 * @param ctimeNanos when content or attributes last changed; unlike the former no program sets it
 */
public record FileIdentity(long device, long inode, long size, long mtimeNanos, long ctimeNanos) {
  /** No device of files has this number. */
  private static final long MEMORY = -1;

  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private static final long NANOS_PER_MILLI = 1_000_000;

  /** Linux stamps files by a clock that ticks every 1 to 10 ms. */
  private static final long TICK_NANOS = 100_000_000;

  /** File systems that count whole seconds, or every second one. */
  private static final long COARSE_TICK_NANOS = 3 * NANOS_PER_SECOND;

  /** Of the regular file that has this name now; null if there is none or it cannot be asked. */
  public static @Nullable FileIdentity ofPath(String path) {
    try (Scratch scratch = Scratch.borrow()) {
      MemorySegment name = scratch.zeroTerminated(path, StatView.BYTES);
      MemorySegment struct = scratch.bytes();
      return Libc.stat(name, struct) == 0 && StatView.isRegular(struct) ? of(struct) : null;
    }
  }

  /**
   * Of bytes in memory.
   *
   * @param number that no other bytes of this process have or had
   * @param address where they are
   * @param constant whether they never change
   */
  static FileIdentity ofMemory(long number, long address, long size, boolean constant) {
    return new FileIdentity(MEMORY, number, size, address, constant ? 1 : Long.MAX_VALUE);
  }

  /** Whether these are bytes in memory: other processes have other ones under the same identity. */
  public boolean isMemory() {
    return device == MEMORY;
  }

  /** From a {@code struct statx}. */
  static FileIdentity of(MemorySegment struct) {
    return new FileIdentity(
        StatView.device(struct),
        StatView.inode(struct),
        StatView.size(struct),
        StatView.modificationNanos(struct),
        StatView.changeNanos(struct));
  }

  /**
   * The file and its content as text. Not its attributes: a file that is linked to or that others
   * may read now is the same one for those who go on reading it. Of bytes in memory it is the
   * place: those that may change have another number at each look, and nobody can tell whether they
   * did.
   */
  public String content() {
    return device == MEMORY
        ? device + ":" + size + ":" + mtimeNanos
        : device + ":" + inode + ":" + size + ":" + mtimeNanos;
  }

  /**
   * Whether any change of the file from now on would change its identity. A file that was written
   * within the last tick of its file system's clock could be written again without a trace.
   */
  public boolean isSettled() {
    return isSettledAt(nowNanos());
  }

  /** The time as {@link #isSettledAt} takes it: nanoseconds since 1970, to the millisecond. */
  public static long nowNanos() {
    return System.currentTimeMillis() * NANOS_PER_MILLI;
  }

  /** Whether any change of the file since {@code nowNanos} would have changed its identity. */
  public boolean isSettledAt(long nowNanos) {
    boolean coarse = ctimeNanos % NANOS_PER_SECOND == 0;
    return nowNanos - ctimeNanos > (coarse ? COARSE_TICK_NANOS : TICK_NANOS);
  }
}
