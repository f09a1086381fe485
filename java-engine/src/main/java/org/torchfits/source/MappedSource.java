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
 * meanwhile gives an IO error, as HotSpot turns the signal into one.
 */
public final class MappedSource implements ByteSource {
  private final String name;
  private final Arena arena;
  private final MemorySegment bytes;

  private MappedSource(String name, Arena arena, MemorySegment bytes) {
    this.name = name;
    this.arena = arena;
    this.bytes = bytes;
  }

  /**
   * Maps a file that {@link FileSource#open} accepts.
   *
   * @param path as for {@link FileSource#open}
   */
  public static MappedSource open(String path) {
    try (FileSource file = FileSource.open(path)) {
      return map(file.name());
    }
  }

  private static MappedSource map(String name) {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(Path.of(name), StandardOpenOption.READ)) {
      MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      return new MappedSource(name, arena, bytes);
    } catch (IOException failure) {
      arena.close();
      throw new FitsException(ErrorKind.IO, name + ": cannot be mapped (" + failure + ")");
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
    long count = Math.clamp(bytes.byteSize() - offset, 0, into.byteSize());
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
