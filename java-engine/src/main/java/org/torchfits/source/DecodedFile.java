package org.torchfits.source;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.work.Unfinished;

/**
 * What a compressed file decodes to, as far as somebody asked for it: in memory up to a bound, then
 * on disk. Decoded once, from the start on, by whoever needs more than there is; read by any number
 * of threads meanwhile.
 */
final class DecodedFile implements AutoCloseable {
  /**
   * Decoding goes a little beyond what was asked for: FITS ends with up to 2879 bytes that nobody
   * asks for, and the checksum of everything before them follows.
   */
  static final long LOOKAHEAD_BYTES = 16 << 10;

  static final long MAX_IN_MEMORY_BYTES = 128 << 20;

  /** Beyond this size, data that were compressed more than any image is are refused. */
  private static final long UNSUSPICIOUS_BYTES = 1L << 30;

  private static final long MAX_RATIO = 2000;
  private static final long CHUNK_BYTES = 64 << 10;

  private final RawSource compressed;
  private final Compression compression;
  private final long heapBytes;
  private final ReentrantLock decoding = new ReentrantLock();
  private final ReentrantReadWriteLock moving = new ReentrantReadWriteLock();
  private @Nullable Decoder decoder;
  private @Nullable FitsException failure;
  private UnnamedFile store;
  private volatile boolean onDisk;
  private volatile long decoded;
  private volatile boolean ended;

  /**
   * @param compressed is closed with this
   */
  DecodedFile(RawSource compressed, Compression compression, long heapBytes) {
    this.compressed = compressed;
    this.compression = compression;
    this.heapBytes = heapBytes;
    this.store = UnnamedFile.inMemory(compressed.name());
  }

  String name() {
    return compressed.name();
  }

  /** Bytes that are held in memory, or on disk if {@link #isOnDisk}. */
  long bytes() {
    return decoded;
  }

  boolean isOnDisk() {
    return onDisk;
  }

  /** Bytes of the Java heap that the decoder may hold now. */
  long heapBytes() {
    return ended ? 0 : heapBytes;
  }

  /** Whether what is here would be found again by decoding anew. */
  boolean isRepeatable() {
    return failure == null || failure.kind() != ErrorKind.IO;
  }

  /**
   * Whether the data have at least {@code end} bytes. Decodes as many.
   *
   * @param deadlineNanos by {@link System#nanoTime()}
   * @throws Unfinished if the deadline came first
   * @throws FitsException if there may be so many bytes and they cannot be had
   */
  boolean reaches(long end, long deadlineNanos) {
    decodeTo(end, deadlineNanos);
    if (end > readable() && failure != null) {
      throw failure;
    }
    return end <= decoded;
  }

  /** Number of bytes of the data; with parameters and exceptions as {@link #reaches}. */
  long size(long deadlineNanos) {
    reaches(Long.MAX_VALUE, deadlineNanos);
    return decoded;
  }

  /**
   * Reads as {@link ByteSource#read} does.
   *
   * @param deadlineNanos as for {@link #reaches}
   */
  long read(long offset, MemorySegment into, long deadlineNanos) {
    long end = offset + Math.min(into.byteSize(), Long.MAX_VALUE - offset);
    decodeTo(end, deadlineNanos);
    long count = Math.min(end, readable()) - offset;
    if (count <= 0) {
      reaches(end, deadlineNanos);
      return 0;
    }
    moving.readLock().lock();
    try {
      store.read(offset, into.asSlice(0, count));
    } finally {
      moving.readLock().unlock();
    }
    return count;
  }

  /**
   * A name of a file with all the data, which holds until {@link #close()}; with parameters and
   * exceptions as {@link #reaches}.
   */
  String descriptorPath(long deadlineNanos) {
    reaches(Long.MAX_VALUE, deadlineNanos);
    return store.descriptorPath();
  }

  /**
   * Bytes that may be read. Those right before a place that cannot be decoded are not to be
   * trusted.
   */
  private long readable() {
    return failure == null || failure.kind() == ErrorKind.TRUNCATED
        ? decoded
        : Math.max(0, decoded - LOOKAHEAD_BYTES);
  }

  private void decodeTo(long end, long deadlineNanos) {
    long wanted = Math.min(end, Long.MAX_VALUE - LOOKAHEAD_BYTES) + LOOKAHEAD_BYTES;
    if (decoded >= wanted || ended) {
      return;
    }
    decoding.lock();
    try (Scratch scratch = Scratch.borrow()) {
      MemorySegment chunk = scratch.bytes().asSlice(0, CHUNK_BYTES);
      while (decoded < wanted && !ended) {
        if (System.nanoTime() - deadlineNanos > 0) {
          throw new Unfinished(name() + " is being decompressed");
        }
        decodeChunk(chunk);
      }
    } finally {
      decoding.unlock();
    }
  }

  private void decodeChunk(MemorySegment chunk) {
    try {
      if (decoder == null) {
        decoder = compression.decoder(compressed, heapBytes);
      }
      long count = decoder.decode(chunk);
      keep(chunk.asSlice(0, count));
      if (count < chunk.byteSize()) {
        end(null);
      }
    } catch (FitsException notReadable) {
      end(notReadable);
    } catch (IOException notDecodable) {
      end(failed(kind(notDecodable), notDecodable.getMessage()));
    }
  }

  private void keep(MemorySegment bytes) {
    long total = decoded + bytes.byteSize();
    if (total > UNSUSPICIOUS_BYTES && total / MAX_RATIO > compressed.size()) {
      throw failed(ErrorKind.BAD_DATA, "they are more than " + MAX_RATIO + " times as many");
    }
    if (total > MAX_IN_MEMORY_BYTES && !onDisk) {
      moveToDisk();
    }
    store.write(decoded, bytes);
    decoded = total;
  }

  private void moveToDisk() {
    UnnamedFile disk = UnnamedFile.onDisk(name());
    try (Scratch scratch = Scratch.borrow()) {
      for (long done = 0; done < decoded; done += scratch.bytes().byteSize()) {
        MemorySegment part = scratch.bytes().asSlice(0, Math.min(Scratch.BYTES, decoded - done));
        store.read(done, part);
        disk.write(done, part);
      }
    } catch (FitsException full) {
      disk.close();
      throw full;
    }
    moving.writeLock().lock();
    try {
      store.close();
      store = disk;
      onDisk = true;
    } finally {
      moving.writeLock().unlock();
    }
  }

  private static ErrorKind kind(IOException failure) {
    return switch (failure) {
      case EOFException _ -> ErrorKind.TRUNCATED;
      case UnsupportedDataException _ -> ErrorKind.UNSUPPORTED;
      case NotFitsException _ -> ErrorKind.NOT_FITS;
      default -> ErrorKind.BAD_DATA;
    };
  }

  private FitsException failed(ErrorKind kind, @Nullable String reason) {
    long position = decoder == null ? 0 : decoder.position();
    return new FitsException(
        kind,
        name()
            + ": cannot be decompressed by "
            + compression
            + " beyond byte "
            + position
            + ", which is byte "
            + decoded
            + " of the decompressed file or later: "
            + reason);
  }

  /** No more is decoded. */
  private void end(@Nullable FitsException reason) {
    failure = reason;
    ended = true;
    closeDecoder();
  }

  private void closeDecoder() {
    if (decoder != null) {
      decoder.close();
      decoder = null;
    }
    compressed.close();
  }

  /** To be called once, when nobody reads any more. */
  @Override
  public void close() {
    if (!ended) {
      closeDecoder();
    }
    store.close();
  }
}
