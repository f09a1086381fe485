package org.torchfits.tile;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.FitsException;
import org.torchfits.header.Hdu;
import org.torchfits.header.Keywords;

/**
 * Decodes the tiles of one image (FITS 4.0, section 10).
 *
 * <p>Safe for use by several threads.
 */
final class TileDecoder {
  /** PLIO knows no negative numbers: its values still have what BZERO adds (as in cfitsio). */
  private static final int PLIO_ZERO = 1 << 15;

  private final int bitpix;
  private final Compression compression;
  private final int shift;
  private final AlgorithmParameters parameters;
  private final char plainLetter;
  private final @Nullable Quantization quantization;

  /**
   * @param hdu a compressed image
   * @throws FitsException of kind BAD_HEADER
   */
  TileDecoder(Hdu hdu, Keywords header, TileTable table) {
    this.bitpix = hdu.bitpix();
    this.compression = Compression.of(header);
    this.parameters = AlgorithmParameters.of(header);
    this.shift = compression == Compression.PLIO && hdu.zero() == PLIO_ZERO ? -PLIO_ZERO : 0;
    this.plainLetter = table.plainLetter();
    this.quantization = table.quantization();
    if (bitpix < 0 && quantization == null && !compression.isOfBytes()) {
      throw header.bad("ZSCALE, without which the integers of the tiles are no floats, is missing");
    }
  }

  /**
   * Decodes one tile.
   *
   * @param compressed exactly the tile's bytes
   * @param shape of the tile in C order
   * @param target takes the values in C order
   * @param floats what a quantised tile is decoded to
   * @throws TileFormatException if the bytes are not those of such a tile
   */
  TileValues decode(
      Tile tile,
      MemorySegment compressed,
      long[] shape,
      MemorySegment target,
      TileFloats floats,
      TileScratch scratch) {
    return switch (tile.form()) {
      case GZIPPED -> stored(new GzipCodec(storedBytes(), false), compressed, target, shape);
      case PLAIN -> stored(plainCodec(), compressed, target, shape);
      case COMPRESSED ->
          quantization == null
              ? unquantized(compressed, shape, target, scratch)
              : quantized(quantization, tile, compressed, shape, target, floats, scratch);
    };
  }

  private TileValues unquantized(
      MemorySegment compressed, long[] shape, MemorySegment target, TileScratch scratch) {
    Algorithm algorithm = algorithm(compressed, shape, scratch);
    if (algorithm.width() == storedBytes() && shift == 0) {
      return stored(algorithm.codec(), compressed, target, shape);
    }
    if (bitpix < 0 || algorithm.width() > 4) {
      throw new TileFormatException(
          "its values have " + algorithm.width() + " bytes, ZBITPIX is " + bitpix);
    }
    int pixels = TileGrid.pixels(shape);
    MemorySegment integers = int32(algorithm, compressed, pixels, scratch);
    boolean clip = compression == Compression.HCOMPRESS;
    WidthKernels.fromInt32(integers, target, storedBytes(), shift, clip, pixels);
    return TileValues.STORED_NATIVE;
  }

  private TileValues quantized(
      Quantization method,
      Tile tile,
      MemorySegment compressed,
      long[] shape,
      MemorySegment target,
      TileFloats floats,
      TileScratch scratch) {
    Algorithm algorithm = algorithm(compressed, shape, scratch);
    if (algorithm.width() > 4) {
      throw new TileFormatException("its quantised values have " + algorithm.width() + " bytes");
    }
    int pixels = TileGrid.pixels(shape);
    MemorySegment integers = int32(algorithm, compressed, pixels, scratch);
    Dequantizer dequantizer = scratch.dequantizer(method);
    TileScaling scaling = Quantization.scaling(tile, floats);
    dequantizer.toFloats(integers, scaling, tile.index(), target, floats.bytes(), pixels);
    return TileValues.FLOATS;
  }

  private static MemorySegment int32(
      Algorithm algorithm, MemorySegment compressed, int pixels, TileScratch scratch) {
    MemorySegment integers = scratch.integers(4L * pixels);
    TileCodec codec = algorithm.codec();
    if (algorithm.width() == 4 && codec.order() == ByteOrder.nativeOrder()) {
      codec.decode(compressed, integers, pixels);
      return integers;
    }
    MemorySegment narrow = scratch.narrow((long) algorithm.width() * pixels);
    codec.decode(compressed, narrow, pixels);
    WidthKernels.toInt32(narrow, algorithm.width(), codec.order(), integers, pixels);
    return integers;
  }

  private static TileValues stored(
      TileCodec codec, MemorySegment compressed, MemorySegment target, long[] shape) {
    codec.decode(compressed, target, TileGrid.pixels(shape));
    return codec.order() == ByteOrder.BIG_ENDIAN
        ? TileValues.STORED_BIG_ENDIAN
        : TileValues.STORED_NATIVE;
  }

  /**
   * A codec with what it decodes to.
   *
   * @param width bytes of a decoded value
   */
  private record Algorithm(TileCodec codec, int width) {}

  private Algorithm algorithm(MemorySegment compressed, long[] shape, TileScratch scratch) {
    return switch (compression) {
      case RICE ->
          new Algorithm(
              scratch.rice(parameters.bytePix(), parameters.blockSize()), parameters.bytePix());
      case PLIO -> new Algorithm(new PlioCodec(), 4);
      case HCOMPRESS -> new Algorithm(new HcompressCodec(parameters.smooth()), 4);
      case GZIP_1, GZIP_2 -> gzip(compressed, TileGrid.pixels(shape));
      case NONE -> new Algorithm(new NoCompressCodec(storedBytes()), storedBytes());
    };
  }

  private Algorithm gzip(MemorySegment compressed, int pixels) {
    int width = GzipCodec.width(compressed, pixels, storedBytes());
    return new Algorithm(new GzipCodec(width, compression == Compression.GZIP_2), width);
  }

  private TileCodec plainCodec() {
    if (plainLetter != storedLetter()) {
      throw new TileFormatException(
          "UNCOMPRESSED_DATA has elements of type " + plainLetter + ", ZBITPIX is " + bitpix);
    }
    return new NoCompressCodec(storedBytes());
  }

  private char storedLetter() {
    return switch (bitpix) {
      case 8 -> 'B';
      case 16 -> 'I';
      case 32 -> 'J';
      case 64 -> 'K';
      case -32 -> 'E';
      default -> 'D';
    };
  }

  private int storedBytes() {
    return Math.abs(bitpix) / 8;
  }
}
