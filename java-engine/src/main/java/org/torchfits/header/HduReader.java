package org.torchfits.header;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.source.ByteSource;
import org.torchfits.source.Scratch;

/**
 * Goes through a file's HDUs in order, reading headers and skipping data. One thread at a time.
 *
 * <p>The bytes around the last header stay in the scratch: a small file is in memory as a whole
 * after its header was read, and {@link #buffered} gives its data without another read.
 */
public final class HduReader implements AutoCloseable {
  static final int BLOCK_BYTES = 2880;

  private static final int KEYWORD_BYTES = 8;

  /** Brings the header and the pixels of a small file at once, and costs a large one nothing. */
  public static final long WINDOW_BYTES = 32 << 10;

  /** Some 800,000 cards; larger than any header, small enough to be searched in a moment. */
  private static final long MAX_HEADER_BYTES = 64 << 20;

  private static final long SIMPLE = Card.key("SIMPLE");
  private static final long XTENSION = Card.key("XTENSION");
  private static final long END = Card.key("END");

  private final ByteSource source;
  private final HduIndex index;
  private final boolean isOwner;
  private @Nullable Scratch scratch;
  private MemorySegment window = MemorySegment.NULL;
  private byte[] block = new byte[0];
  private long windowOffset;
  private long windowBytes;
  private int nextIndex;
  private long nextOffset;

  /**
   * @param source is closed with this reader
   */
  public HduReader(ByteSource source) {
    this(source, new HduIndex());
  }

  /**
   * @param source is closed with this reader
   * @param index of the source: HDUs that it knows are not parsed again, others are added to it
   */
  public HduReader(ByteSource source, HduIndex index) {
    this.source = source;
    this.index = index;
    this.isOwner = true;
  }

  private HduReader(HduReader owner) {
    this.source = owner.source;
    this.index = owner.index;
    this.isOwner = false;
    this.window = owner.window;
    this.windowOffset = owner.windowOffset;
    this.windowBytes = owner.windowBytes;
  }

  /** Where the bytes come from. */
  public ByteSource source() {
    return source;
  }

  /**
   * A reader for one more user of the same bytes: it has the same {@link #source} and {@link
   * #buffered}, and closing it leaves both alone. The first one is not asked for anything else
   * meanwhile.
   */
  public HduReader shared() {
    return new HduReader(this);
  }

  /** Takes the bytes of {@link #buffered} back. */
  @Override
  public void close() {
    if (scratch != null) {
      scratch.close();
    }
    if (isOwner) {
      source.close();
    }
  }

  /**
   * The HDU that the selector means.
   *
   * @throws FitsException of kind HDU_NOT_FOUND if the file ends before it
   */
  public Hdu find(HduSelector selector) {
    Hdu known = selector.index() < 0 ? null : index.get(selector.index());
    if (known != null) {
      return stepBehind(known);
    }
    for (Hdu hdu = next(); hdu != null; hdu = next()) {
      if (selector.matches(hdu)) {
        return hdu;
      }
    }
    throw new FitsException(
        ErrorKind.HDU_NOT_FOUND,
        source.name() + ": no " + selector + " (the file has " + nextIndex + " HDUs)");
  }

  /** The next HDU, or null after the last one. */
  public @Nullable Hdu next() {
    Hdu known = index.get(nextIndex);
    if (known != null) {
      return stepBehind(known);
    }
    if (nextIndex > 0 && !extensionFollows()) {
      index.complete();
      return null;
    }
    Hdu hdu = stepBehind(readHeader());
    index.add(hdu);
    return hdu;
  }

  private Hdu stepBehind(Hdu hdu) {
    nextIndex = hdu.index() + 1;
    nextOffset = Math.addExact(hdu.dataOffset(), paddedBytes(hdu));
    return hdu;
  }

  /** The cards of an HDU up to and with END, one char a byte. */
  public String headerText(Hdu hdu) {
    byte[] text = new byte[Math.toIntExact(hdu.headerBytes())];
    for (int done = 0; done < text.length; ) {
      if (!isBuffered(hdu.headerOffset() + done, 1)) {
        load(hdu.headerOffset() + done);
      }
      long at = hdu.headerOffset() + done - windowOffset;
      int count = (int) Math.min(windowBytes - at, text.length - done);
      if (count <= 0) {
        throw truncated("the file became shorter while it was read");
      }
      MemorySegment.copy(window, JAVA_BYTE, at, text, done, count);
      done += count;
    }
    return new String(text, ISO_8859_1);
  }

  /**
   * The bytes [offset, offset + count) of the file if they are in memory already; valid until the
   * next call.
   */
  public @Nullable MemorySegment buffered(long offset, long count) {
    return isBuffered(offset, count) ? window.asSlice(offset - windowOffset, count) : null;
  }

  private boolean isBuffered(long offset, long count) {
    return offset >= windowOffset && count <= windowBytes - (offset - windowOffset);
  }

  private boolean extensionFollows() {
    if (index.isComplete()
        || nextOffset > Long.MAX_VALUE - KEYWORD_BYTES
        || !source.reaches(nextOffset + KEYWORD_BYTES)) {
      return false;
    }
    if (!isBuffered(nextOffset, KEYWORD_BYTES)) {
      load(nextOffset);
    }
    return isBuffered(nextOffset, KEYWORD_BYTES) && keyword(nextOffset - windowOffset) == XTENSION;
  }

  private Hdu readHeader() {
    requireFits();
    StructureParser parser = new StructureParser(new HeaderProblem(source.name(), nextIndex));
    long headerBytes = acceptCards(parser);
    long dataOffset = nextOffset + (headerBytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
    return parser.hdu(nextIndex, nextOffset, headerBytes, dataOffset);
  }

  private void requireFits() {
    if (nextIndex > 0) {
      return;
    }
    load(0);
    if (windowBytes >= Card.BYTES && keyword(0) == SIMPLE) {
      return;
    }
    // A source that is no file has no size and says so, which is the better message.
    boolean empty = !source.reaches(1) && windowBytes == 0;
    String reason =
        empty ? "the file is empty" : "not a FITS file (it does not begin with the keyword SIMPLE)";
    throw new FitsException(ErrorKind.NOT_FITS, source.name() + ": " + reason);
  }

  /** Feeds the cards to the parser; returns the bytes up to and with END. */
  private long acceptCards(StructureParser parser) {
    for (long offset = nextOffset; ; offset += BLOCK_BYTES) {
      long at = block(offset);
      if (at < 0) {
        throw truncated("the file ends before the header does, whose END card is missing");
      }
      int end = acceptBlock(parser, at);
      if (end >= 0) {
        return offset - nextOffset + end + Card.BYTES;
      }
      if (offset - nextOffset > MAX_HEADER_BYTES) {
        throw badHeader("the header has no END card within " + MAX_HEADER_BYTES + " bytes");
      }
    }
  }

  /**
   * Offset of END in the block at {@code at}, or -1 if the header goes on. Cards that are no text
   * do not end it: astropy and cfitsio read past them too.
   */
  private int acceptBlock(StructureParser parser, long at) {
    MemorySegment.copy(window, JAVA_BYTE, at, block, 0, BLOCK_BYTES);
    for (int card = 0; card < BLOCK_BYTES; card += Card.BYTES) {
      if (block[card] == 'E' && Card.keyword(block, card) == END) {
        return card;
      }
      parser.accept(block, card);
    }
    return -1;
  }

  /** The keyword that stands at that place of the scratch. */
  private long keyword(long at) {
    MemorySegment.copy(window, JAVA_BYTE, at, block, 0, KEYWORD_BYTES);
    return Card.keyword(block, 0);
  }

  /**
   * Where in the scratch the block of the file at {@code offset} stands; -1 if the file ends before
   * its end.
   */
  private long block(long offset) {
    if (!isBuffered(offset, BLOCK_BYTES)) {
      load(offset);
    }
    return windowBytes - (offset - windowOffset) >= BLOCK_BYTES ? offset - windowOffset : -1;
  }

  private void load(long offset) {
    if (scratch == null) {
      scratch = Scratch.borrow();
      block = new byte[BLOCK_BYTES];
      window = scratch.bytes();
    }
    windowOffset = offset;
    windowBytes = source.read(offset, window.asSlice(0, windowBytes(offset)));
  }

  /** No more than there is: to find the end by reading takes a call more. */
  private long windowBytes(long offset) {
    long size = source.sizeHint();
    // The kernel's own files have content, and no size.
    return size == 0 ? WINDOW_BYTES : Math.clamp(size - offset, 0, WINDOW_BYTES);
  }

  private FitsException badHeader(String reason) {
    return new HeaderProblem(source.name(), nextIndex).badHeader(reason);
  }

  private FitsException truncated(String reason) {
    return new FitsException(ErrorKind.TRUNCATED, source.name() + "[" + nextIndex + "]: " + reason);
  }

  private static long paddedBytes(Hdu hdu) {
    return Math.addExact(hdu.dataBytes(), BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
  }
}
