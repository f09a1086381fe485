package org.torchfits.source;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;

/**
 * A local file mapped into memory. For many small reads of a file that does not change: no system
 * call a read, and a page fault for every new page instead. A file that another program shortens
 * meanwhile gives an IO error, as HotSpot turns the signal into an InternalError; in code that it
 * has optimized, that error itself comes shortly after the read.
 */
public final class MappedSource implements ByteSource {
  private final String name;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment bytes;

  private MappedSource(String name, FileChannel channel) throws IOException {
    this.name = name;
    this.bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
  }

  /**
   * Maps a file that {@link FileSource#open} accepts.
   *
   * @param path as for {@link FileSource#open}
   */
  public static MappedSource open(String path) {
    try (FileSource file = FileSource.open(path)) {
      return map(file);
    }
  }

  private static MappedSource map(FileSource file) {
    Path path = Path.of(file.descriptorPath());
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      return new MappedSource(file.name(), channel);
    } catch (IOException failure) {
      throw new FitsException(ErrorKind.IO, file.name() + ": cannot be mapped (" + failure + ")");
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public long size() {
    return bytes.byteSize();
  }

  @Override
  public long read(long offset, MemorySegment into) {
    if (offset >= bytes.byteSize()) {
      return 0;
    }
    long count = Math.min(bytes.byteSize() - offset, into.byteSize());
    try {
      MemorySegment.copy(bytes, offset, into, 0, count);
    } catch (InternalError fault) {
      throw new FitsException(ErrorKind.IO, name + ": the file became shorter while it was mapped");
    }
    return count;
  }

  @Override
  public void close() {
    arena.close();
  }
}
