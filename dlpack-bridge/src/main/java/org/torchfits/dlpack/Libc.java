package org.torchfits.dlpack;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/**
 * The few functions of the C library that the engine calls, on 64-bit Linux.
 *
 * <p>All go through one downcall shape, {@code long f(long, long, long, long, long, long)}: each
 * further shape costs some 10 ms when the process starts. Integer and pointer arguments travel in
 * the same registers as longs, and a function ignores the registers that it has no parameter for.
 *
 * <p>Functions that can fail return {@code -errno}, as the system calls below them do.
 */
public final class Libc {
  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int EACCES = 13;
  public static final int EPERM = 1;
  public static final int ENOTDIR = 20;
  public static final int EISDIR = 21;
  public static final int ENOSPC = 28;
  public static final int EDQUOT = 122;
  public static final int ENXIO = 6;
  public static final int ENFILE = 23;
  public static final int EMFILE = 24;
  public static final int ESPIPE = 29;
  public static final int ELOOP = 40;
  public static final int ENAMETOOLONG = 36;

  private static final long O_RDONLY_NONBLOCK_NOCTTY_CLOEXEC = 04000 | 0400 | 02000000;
  private static final long O_RDWR_CLOEXEC = 2 | 02000000;
  private static final long O_TMPFILE =
      020000000 | ("aarch64".equals(System.getProperty("os.arch")) ? 040000 : 0200000);
  private static final long OWNER_ONLY = 0600;
  private static final long MFD_CLOEXEC = 1;
  private static final long AT_EMPTY_PATH = 0x1000;
  private static final long AT_FDCWD = -100;

  /** Type, time of modification, time of change, inode, size and blocks. */
  private static final long STATX_MASK = 0x1 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400;

  private static final long MADV_HUGEPAGE = 14;
  private static final long MADV_WIPEONFORK = 18;
  private static final long PROT_READ = 1;
  private static final long PROT_READ_WRITE = 3;
  private static final long PROT_READ_EXECUTE = 5;
  private static final long MAP_PRIVATE_ANONYMOUS = 0x2 | 0x20;
  private static final long MAP_SHARED = 0x1;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle CALL =
      LINKER.downcallHandle(
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
          Linker.Option.captureCallState("errno"));
  private static final ThreadLocal<MemorySegment> ERRNO =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(JAVA_INT));

  private static final MemorySegment MALLOC = symbol("malloc");
  private static final MemorySegment FREE = symbol("free");
  private static final MemorySegment MADVISE = symbol("madvise");
  private static final MemorySegment MMAP = symbol("mmap");
  private static final MemorySegment MUNMAP = symbol("munmap");
  private static final MemorySegment MPROTECT = symbol("mprotect");
  private static final MemorySegment OPEN = symbol("open");
  private static final MemorySegment STATX = symbol("statx");
  private static final MemorySegment PREAD = symbol("pread");
  private static final MemorySegment PWRITE = symbol("pwrite");
  private static final MemorySegment MEMFD_CREATE = symbol("memfd_create");
  private static final MemorySegment CLOSE = symbol("close");

  private Libc() {}

  /** Address of {@code free}, the deleter of every block. */
  static long freeAddress() {
    return FREE.address();
  }

  /** Address of a new block, a multiple of 16; 0 if there is no memory. */
  static long malloc(long bytes) {
    return call(MALLOC, bytes, 0, 0, 0, 0);
  }

  static void free(long address) {
    call(FREE, address, 0, 0, 0, 0);
  }

  /** Asks for huge pages. Advice only: a refusal changes no result. */
  static void adviseHugePages(long address, long bytes) {
    call(MADVISE, address, bytes, MADV_HUGEPAGE, 0, 0);
  }

  /** Address of new memory of whole pages, all 0; it is never given back. */
  static long mapPages(long bytes) {
    long address = call(MMAP, 0, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1);
    if (address == -1) {
      throw new NativeMemoryException(bytes);
    }
    return address;
  }

  /** A forked child finds these pages all 0. */
  static void wipeOnFork(long address, long bytes) {
    requireDone("madvise", (int) call(MADVISE, address, bytes, MADV_WIPEONFORK, 0, 0));
  }

  /** Makes pages code that cannot be written any more. */
  static void makeExecutable(long address, long bytes) {
    requireDone("mprotect", (int) call(MPROTECT, address, bytes, PROT_READ_EXECUTE, 0, 0));
  }

  /** Calls the machine code {@code long f(long)} at an address. */
  static long callAt(long function, long argument) {
    return call(MemorySegment.ofAddress(function), argument, 0, 0, 0, 0);
  }

  private static void requireDone(String name, int result) {
    if (result != 0) {
      throw new UnsatisfiedLinkError(name + " was refused");
    }
  }

  /**
   * Opens a file for reading. Never waits for the other end of a pipe and never takes a terminal.
   *
   * @param path bytes that end with a 0
   * @return the descriptor, or {@code -errno}
   */
  public static int openForReading(MemorySegment path) {
    return (int) callOrErrno(OPEN, path.address(), O_RDONLY_NONBLOCK_NOCTTY_CLOEXEC, 0, 0, 0);
  }

  /**
   * Opens a file for reading and writing.
   *
   * @param path bytes that end with a 0
   * @return the descriptor, or {@code -errno}
   */
  public static int openForUpdate(MemorySegment path) {
    return (int) callOrErrno(OPEN, path.address(), O_RDWR_CLOEXEC, 0, 0, 0);
  }

  /**
   * What {@link StatView} tells of an open file.
   *
   * @param struct at least 264 bytes that are overwritten by an empty name and {@code struct statx}
   * @return 0, or {@code -errno}
   */
  public static int stat(int descriptor, MemorySegment struct) {
    MemorySegment emptyPath = struct.asSlice(StatView.BYTES, 8);
    emptyPath.fill((byte) 0);
    return statx(descriptor, emptyPath, AT_EMPTY_PATH, struct);
  }

  /**
   * What {@link StatView} tells of the file that has this name now. Follows symbolic links.
   *
   * @param path bytes that end with a 0
   * @param struct at least {@link StatView#BYTES} bytes that are overwritten, apart from the path
   * @return 0, or {@code -errno}
   */
  public static int stat(MemorySegment path, MemorySegment struct) {
    return statx(AT_FDCWD, path, 0, struct);
  }

  private static int statx(long folder, MemorySegment path, long flags, MemorySegment struct) {
    long target = struct.asSlice(0, StatView.BYTES).address();
    return (int) callOrErrno(STATX, folder, path.address(), flags, STATX_MASK, target);
  }

  /**
   * Number of bytes read into {@code into} (at most its size; 0 at the end of the file), or {@code
   * -errno}.
   */
  public static long read(int descriptor, MemorySegment into, long offsetBytes) {
    return callOrErrno(PREAD, descriptor, into.address(), into.byteSize(), offsetBytes, 0);
  }

  /** Number of bytes written, at least one, from the start of {@code from}, or {@code -errno}. */
  public static long write(int descriptor, MemorySegment from, long offsetBytes) {
    return callOrErrno(PWRITE, descriptor, from.address(), from.byteSize(), offsetBytes, 0);
  }

  /**
   * Makes a file in memory that has no name and goes with its last descriptor.
   *
   * @param label bytes that end with a 0, for those who list open files
   * @return the descriptor, or {@code -errno}
   */
  public static int createInMemory(MemorySegment label) {
    return (int) callOrErrno(MEMFD_CREATE, label.address(), MFD_CLOEXEC, 0, 0, 0);
  }

  /**
   * Makes a file that has no name and goes with its last descriptor.
   *
   * @param folder on whose disk it shall be; bytes that end with a 0
   * @return the descriptor, or {@code -errno}
   */
  public static int createUnnamed(MemorySegment folder) {
    return (int) callOrErrno(OPEN, folder.address(), O_TMPFILE | O_RDWR_CLOEXEC, OWNER_ONLY, 0, 0);
  }

  /**
   * Maps the start of a file. To copy from where the file has no page any more makes the next call
   * of this class throw an {@link InternalError}: HotSpot tells a thread of a fault when it comes
   * back from native code.
   *
   * @return memory to be read until {@link #unmap}; null if it cannot be mapped
   */
  public static @Nullable MemorySegment map(int descriptor, long bytes) {
    long address = call(MMAP, 0, bytes, PROT_READ, MAP_SHARED, descriptor);
    return address == -1 ? null : MemorySegment.ofAddress(address).reinterpret(bytes);
  }

  public static void unmap(MemorySegment mapped) {
    call(MUNMAP, mapped.address(), mapped.byteSize(), 0, 0, 0);
  }

  public static void close(int descriptor) {
    call(CLOSE, descriptor, 0, 0, 0, 0);
  }

  private static MemorySegment symbol(String name) {
    return LINKER
        .defaultLookup()
        .find(name)
        .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no " + name));
  }

  private static long callOrErrno(MemorySegment function, long a, long b, long c, long d, long e) {
    MemorySegment errno = ERRNO.get();
    long result = call(errno, function, a, b, c, d, e);
    // int functions leave the upper half of the register undefined: -1 is told by the lower half,
    // and no size that
    // fits a buffer of ours has all of the lower bits set.
    return (int) result == -1 ? -errno.get(JAVA_INT, 0) : result;
  }

  private static long call(MemorySegment function, long a, long b, long c, long d, long e) {
    return call(ERRNO.get(), function, a, b, c, d, e);
  }

  private static long call(
      MemorySegment errno, MemorySegment function, long a, long b, long c, long d, long e) {
    try {
      return (long) CALL.invokeExact(function, errno, a, b, c, d, e, 0L);
    } catch (RuntimeException | Error unchecked) {
      throw unchecked;
    } catch (Throwable impossible) {
      throw new AssertionError("a downcall throws nothing checked", impossible);
    }
  }
}
