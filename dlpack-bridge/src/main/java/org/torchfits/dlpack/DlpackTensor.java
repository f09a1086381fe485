package org.torchfits.dlpack;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/**
 * One native block that holds a DLPack header, shape, strides and elements of a dense tensor in C
 * order on the CPU.
 *
 * <p>The block is owned by Java until {@link #release()}, by the consumer after it. Its deleter is
 * the C library's {@code free}, or {@link Recycler}'s for a large block: the DLPack struct stands
 * first in the block, so {@code deleter(self)} frees everything, on any thread and without any Java
 * code, even after the JVM has ended.
 *
 * <p>Not safe for use by several threads, but {@link #elements()} may be filled by many.
 */
public final class DlpackTensor implements AutoCloseable {
  /** Elements start at a multiple of this, torch's own alignment. */
  static final long ELEMENT_ALIGNMENT = 64;

  /**
   * Elements of this size on are aligned to huge pages: their page faults would cost as much as
   * their bytes.
   */
  static final long LARGE_BYTES = 4L << 20;

  static final long HUGE_PAGE_BYTES = 2L << 20;

  private static final int CPU = 1;
  private static final int MINOR_VERSION = 1;

  private final MemorySegment block;
  private final MemorySegment elements;
  private final long deleter;
  private boolean owned = true;

  private DlpackTensor(MemorySegment block, MemorySegment elements, long deleter) {
    this.block = block;
    this.elements = elements;
    this.deleter = deleter;
  }

  /**
   * A new tensor whose elements are undefined.
   *
   * @param shape in C order, slowest axis first; empty for a scalar
   * @throws ArithmeticException if the number of bytes overflows a long
   * @throws NativeMemoryException if the C library has no memory
   */
  public static DlpackTensor allocate(Abi abi, ElementType type, long... shape) {
    long elementBytes = elementBytes(type, shape);
    long headerBytes = abi.structBytes + 2L * Long.BYTES * shape.length;
    boolean large = elementBytes >= LARGE_BYTES;
    long alignment = large ? HUGE_PAGE_BYTES : ELEMENT_ALIGNMENT;
    // Large elements end with a whole huge page, or their tail would fault in page by page.
    long room = large ? align(elementBytes, alignment) : elementBytes;
    long bytes = Math.addExact(headerBytes + alignment, room);
    boolean recycled = Recycler.takes(bytes);
    long address = recycled ? Recycler.allocate(bytes) : Libc.malloc(bytes);
    if (address == 0) {
      throw new NativeMemoryException(bytes);
    }
    long deleter = recycled ? Recycler.deleterAddress() : Libc.freeAddress();
    long elementsOffset = align(address + headerBytes, alignment) - address;
    if (large) {
      Libc.adviseHugePages(address + elementsOffset, room);
    }
    MemorySegment block =
        MemorySegment.ofAddress(address).reinterpret(elementsOffset + elementBytes);
    writeHeader(block, abi, type, shape, elementsOffset, deleter);
    return new DlpackTensor(block, block.asSlice(elementsOffset), deleter);
  }

  /** Bytes of the elements of a tensor of that type and shape. */
  public static long elementBytes(ElementType type, long... shape) {
    long bytes = type.bytes();
    for (long length : shape) {
      if (length < 0) {
        throw new IllegalArgumentException("negative length of an axis: " + length);
      }
      bytes = Math.multiplyExact(bytes, length);
    }
    return bytes;
  }

  /**
   * The elements in native byte order, C order; valid until the block is freed by whoever owns it.
   */
  public MemorySegment elements() {
    return elements;
  }

  /** Address of the DLPack struct, which is the address of the block. */
  public long address() {
    return block.address();
  }

  /**
   * Gives the block away: the caller, or the consumer of the capsule that it makes, must call the
   * deleter once.
   *
   * @return the address of the DLPack struct
   */
  public long release() {
    owned = false;
    return address();
  }

  /** Frees the block if it was not released. */
  @Override
  public void close() {
    if (owned) {
      owned = false;
      Libc.callAt(deleter, block.address());
    }
  }

  private static long align(long bytes, long alignment) {
    return Math.addExact(bytes, alignment - 1) & -alignment;
  }

  /** Header, shape and strides are put together as little-endian words and written at once. */
  private static void writeHeader(
      MemorySegment block,
      Abi abi,
      ElementType type,
      long[] shape,
      long elementsOffset,
      long deleter) {
    int shapeWord = word(abi.structBytes);
    int stridesWord = shapeWord + shape.length;
    long[] words = new long[stridesWord + shape.length];
    if (abi == Abi.VERSIONED) {
      words[0] = TensorView.MAJOR_VERSION | (long) MINOR_VERSION << 32;
    }
    words[word(abi.deleterOffset)] = deleter;
    int tensor = word(abi.tensorOffset);
    words[tensor + word(TensorView.DATA)] = block.address() + elementsOffset;
    words[tensor + word(TensorView.DEVICE_TYPE)] = CPU;
    words[tensor + word(TensorView.NDIM)] = shape.length | type.word() << 32;
    words[tensor + word(TensorView.SHAPE)] = block.address() + (long) Long.BYTES * shapeWord;
    words[tensor + word(TensorView.STRIDES)] = block.address() + (long) Long.BYTES * stridesWord;
    System.arraycopy(shape, 0, words, shapeWord, shape.length);
    putStrides(words, stridesWord, shape);
    MemorySegment.copy(words, 0, block, JAVA_LONG, 0, words.length);
  }

  private static void putStrides(long[] words, int stridesWord, long[] shape) {
    long stride = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      words[stridesWord + axis] = stride;
      stride *= Math.max(shape[axis], 1);
    }
  }

  private static int word(long offset) {
    return (int) (offset / Long.BYTES);
  }
}
