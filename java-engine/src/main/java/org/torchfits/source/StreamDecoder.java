package org.torchfits.source;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import io.airlift.compress.zstd.ZstdInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorInputStream;
import org.apache.commons.compress.compressors.z.ZCompressorInputStream;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.FitsException;
import org.tukaani.xz.MemoryLimitException;
import org.tukaani.xz.UnsupportedOptionsException;
import org.tukaani.xz.XZInputStream;

/** Data that a library decodes, as a stream. */
final class StreamDecoder implements Decoder {
  private static final int CHUNK_BYTES = 64 << 10;

  private final Compression compression;
  private final CompressedInput input;
  private final int heapKibibytes;
  private final byte[] chunk = new byte[CHUNK_BYTES];
  private @Nullable InputStream stream;

  /**
   * @param input is closed with the decoder
   * @param heapBytes that the decoder may use
   */
  StreamDecoder(Compression compression, CompressedInput input, long heapBytes) {
    this.compression = compression;
    this.input = input;
    this.heapKibibytes = (int) (heapBytes >> 10);
  }

  @Override
  public long decode(MemorySegment into) throws IOException {
    long done = 0;
    while (done < into.byteSize()) {
      int got = read((int) Math.min(CHUNK_BYTES, into.byteSize() - done));
      if (got < 0) {
        break;
      }
      MemorySegment.copy(chunk, 0, into, JAVA_BYTE, done, got);
      done += got;
    }
    return done;
  }

  /** The libraries throw what their arrays and bounds throw when the bytes are not as expected. */
  private int read(int count) throws IOException {
    try {
      if (stream == null) {
        stream = open();
      }
      return stream.read(chunk, 0, count);
    } catch (FitsException notReadable) {
      throw notReadable;
    } catch (IOException | RuntimeException failure) {
      throw translated(failure);
    }
  }

  private IOException translated(Exception failure) {
    String reason = Objects.requireNonNullElse(failure.getMessage(), "invalid data");
    if (isUnsupported(failure, reason)) {
      return new UnsupportedDataException(reason);
    }
    return input.wasTooShort()
        ? new EOFException("the file ends within the compressed data")
        : new IOException(reason);
  }

  private static boolean isUnsupported(Exception failure, String reason) {
    return failure instanceof MemoryLimitException
        || failure instanceof org.apache.commons.compress.MemoryLimitException
        || failure instanceof UnsupportedOptionsException
        || reason.startsWith("Window size too large");
  }

  private InputStream open() throws IOException {
    return switch (compression) {
      case BZIP2 -> new BZip2CompressorInputStream(input, true);
      case COMPRESS -> new ZCompressorInputStream(input, heapKibibytes);
      case XZ -> new XZInputStream(input, heapKibibytes);
      case ZSTD -> new ZstdInputStream(input);
      case NONE, GZIP, ZIP -> throw new IllegalArgumentException(compression.toString());
    };
  }

  @Override
  public long position() {
    return input.position();
  }

  @Override
  public void close() {
    input.close();
  }
}
