package org.torchfits.source;

import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;
import org.torchfits.work.Unfinished;

/** A source that is asked again when it sends its caller away, as the engine's callers do. */
final class PatientSource implements ByteSource {
  private final ByteSource source;

  PatientSource(ByteSource source) {
    this.source = source;
  }

  static <T> T patiently(Supplier<T> work) {
    while (true) {
      try {
        return work.get();
      } catch (Unfinished comeBack) {
        Thread.onSpinWait();
      }
    }
  }

  @Override
  public String name() {
    return source.name();
  }

  @Override
  public long size() {
    return patiently(source::size);
  }

  @Override
  public boolean reaches(long end) {
    return patiently(() -> source.reaches(end));
  }

  @Override
  public long read(long offset, MemorySegment into) {
    return patiently(() -> source.read(offset, into));
  }

  @Override
  public long read(long offset, MemorySegment into, long least) {
    return patiently(() -> source.read(offset, into, least));
  }

  @Override
  public void close() {
    source.close();
  }
}
