package org.torchfits.image;

import org.jspecify.annotations.Nullable;
import org.torchfits.cache.OpenFiles;
import org.torchfits.dlpack.DlpackTensor;
import org.torchfits.dlpack.ElementType;
import org.torchfits.header.Hdu;
import org.torchfits.header.HduKind;
import org.torchfits.header.HduReader;
import org.torchfits.source.ByteSource;
import org.torchfits.source.FileIdentity;
import org.torchfits.tile.CachedTile;
import org.torchfits.tile.KeptPixels;
import org.torchfits.tile.TileCache;

/** An image of which several threads read parts: its file is opened once. */
public final class SharedImage implements AutoCloseable {
  /** Larger images are meant to be read once. */
  private static final long KEPT_BYTES = 32 << 20;

  /** Of larger images no more is decoded than a part needs: one thread decodes all for it. */
  private static final long CUT_BYTES = 8 << 20;

  /** Which elements of an image are kept. */
  private record Wanted(StoredFormat format, @Nullable String section) {}

  private final String path;
  private final ImageRequest request;
  private final HduReader reader;
  private final Hdu hdu;
  private final StoredFormat format;
  private final long[] shape;

  /** What the request asks for. */
  private final Section wanted;

  /** Of a compressed image that the engine reads. */
  private final @Nullable SharedTiles tiles;

  private SharedImage(
      String path, ImageRequest request, HduReader reader, Hdu hdu, boolean areTilesWantedAgain) {
    this.path = path;
    this.request = request;
    this.reader = reader;
    this.hdu = hdu;
    this.format = ImageReader.format(reader.source(), hdu, request);
    this.shape = hdu.shape();
    this.wanted = ImageReader.section(reader.source(), hdu, request);
    this.tiles =
        hdu.kind() == HduKind.COMPRESSED_IMAGE && !request.general()
            ? SharedTiles.of(reader, hdu, areTilesWantedAgain)
            : null;
  }

  /**
   * Opens an image of a local file.
   *
   * @param path as for {@link ImageReader#open}
   * @param request its section is that of {@link #wanted}
   */
  public static SharedImage open(String path, ImageRequest request) {
    return open(path, OpenFiles.open(path), request, true);
  }

  /**
   * Opens an image of a file that is open.
   *
   * @param reader of the file, at its beginning; is closed with the image, or if this fails
   * @param areTilesWantedAgain whether several boxes will be read
   * @see #open(String, ImageRequest) for the rest
   */
  public static SharedImage open(
      String path, HduReader reader, ImageRequest request, boolean areTilesWantedAgain) {
    try {
      Hdu hdu = reader.find(request.hdu());
      ImageReader.requireImage(reader.source(), hdu, request);
      return new SharedImage(path, request, reader, hdu, areTilesWantedAgain);
    } catch (RuntimeException | Error failure) {
      reader.close();
      throw failure;
    }
  }

  /** File and HDU, as errors show them. */
  public String place() {
    return ImageReader.place(reader.source().name(), hdu);
  }

  /** Shape of the whole image in C order. */
  public long[] shape() {
    return shape;
  }

  /** Shape of {@link #wanted}. */
  public long[] wantedShape() {
    return wanted.shape();
  }

  /** Element type of the parts. */
  public ElementType type() {
    return format.type();
  }

  /**
   * A box of the image; to be closed before this is.
   *
   * @param start of each axis, C order, pixels from 0
   * @param count of each axis; the box lies in the image
   */
  public OpenImage box(long[] start, long[] count) {
    return part(Section.box(start, count));
  }

  /**
   * The section that the request names, the whole image without one; to be closed before this is.
   * If it takes long to decode and is not too large, its elements are kept for the next time.
   */
  public OpenImage wanted() {
    KeptPixels kept = kept();
    if (kept == null) {
      return part(wanted);
    }
    CachedTile known = kept.find();
    return known == null
        ? new KeepingImage(part(wanted), kept)
        : new KeptImage(reader.source(), hdu, wanted, format, known, null);
  }

  /**
   * A part of what the request names; to be closed before this is. If {@link #wanted} is kept, it
   * is taken from there; if it would be, and the part is most of it, all is decoded and kept.
   *
   * @param start of each axis of {@link #wantedShape}
   * @param count of each axis; the part does not leave it
   */
  public OpenImage part(long[] start, long[] count) {
    Section section = wanted.part(start, count);
    KeptPixels kept = kept();
    if (kept == null) {
      return part(section);
    }
    Cut cut = new Cut(new BoxRows(start, count, wanted.shape()), format.type().bytes());
    CachedTile known = kept.find();
    if (known != null) {
      return new KeptImage(reader.source(), hdu, section, format, known, cut);
    }
    long bytes = DlpackTensor.elementBytes(format.type(), wanted.count());
    boolean isMost = bytes <= CUT_BYTES && section.pixels() > wanted.pixels() / 2;
    return isMost ? cut(new KeepingImage(part(wanted), kept), section, cut) : part(section);
  }

  private static OpenImage cut(OpenImage whole, Section section, Cut cut) {
    try {
      return new CutImage(whole, section, cut);
    } catch (RuntimeException | Error failure) {
      whole.close();
      throw failure;
    }
  }

  /** Where the elements are kept; null if they are not. */
  private @Nullable KeptPixels kept() {
    ByteSource source = reader.source();
    long bytes = DlpackTensor.elementBytes(format.type(), wanted.count());
    boolean isWorthIt =
        !request.general()
            && (hdu.kind() == HduKind.COMPRESSED_IMAGE || source.isCompressed())
            && bytes <= KEPT_BYTES
            && TileCache.OF_PROCESS.takes(bytes);
    FileIdentity file = isWorthIt ? source.settledIdentity() : null;
    return file == null
        ? null
        : new KeptPixels(file, hdu.index(), new Wanted(format, request.section()), bytes);
  }

  private OpenImage part(Section section) {
    return tiles == null
        ? ImageReader.image(path, reader.shared(), hdu, section, request)
        : new TiledImage(reader.shared(), hdu, section, format, tiles);
  }

  @Override
  public void close() {
    if (tiles != null) {
      tiles.reader().close();
    }
    reader.close();
  }
}
