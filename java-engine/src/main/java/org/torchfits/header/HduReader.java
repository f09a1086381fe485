package org.torchfits.header;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.source.ByteSource;

/**
 * Goes through a file's HDUs in order, reading headers and skipping data. One thread at a time.
 *
 * <p>The bytes around the last header stay in the scratch: a small file is in memory as a whole
 * after its header was read, and {@link #buffered} gives its data without another read.
 */
public final class HduReader implements AutoCloseable {
  static final int BLOCK_BYTES = 2880;

  private static final int KEYWORD_BYTES = 8;

  /** Some 800,000 cards; larger than any header, small enough to be searched in a moment. */
  private static final long MAX_HEADER_BYTES = 64 << 20;

  private static final long SIMPLE = Card.key("SIMPLE");
  private static final long XTENSION = Card.key("XTENSION");
  private static final long END = Card.key("END");

  private final ByteSource source;
  private final HduIndex index;
  private final boolean isOwner;
  private final Window window;
  private int nextIndex;
  private long nextOffset;

  /**
   * @param source is closed with this reader
   */
  public HduReader(ByteSource source) {
    this(source, new HduIndex(), new Window());
  }

  /**
   * @param source is closed with this reader
   * @param index of the source: HDUs that it knows are not parsed again, others are added to it
   * @param window of the source, maybe loaded; is closed with this reader
   */
  public HduReader(ByteSource source, HduIndex index, Window window) {
    this.source = source;
    this.index = index;
    this.window = window;
    this.isOwner = true;
  }

  private HduReader(HduReader owner) {
    this.source = owner.source;
    this.index = owner.index;
    this.isOwner = false;
    this.window = new Window(owner.window);
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
    window.close();
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
      long from = hdu.headerOffset() + done;
      if (!isLoaded(from, 1)) {
        throw truncated("the file became shorter while it was read");
      }
      int count = (int) Math.min(window.countFrom(from), text.length - done);
      MemorySegment.copy(window.slice(from, count), JAVA_BYTE, 0, text, done, count);
      done += count;
    }
    return new String(text, ISO_8859_1);
  }

  /**
   * What is derived of the header of an HDU; it is kept as long as the HDU is.
   *
   * @param type of what is derived, which tells it from everything else that is
   * @param make derives it from {@link #headerText}; the result must not change
   */
  public <T> T derived(Hdu hdu, Class<T> type, Supplier<T> make) {
    return index.derived(hdu, type, make);
  }

  /**
   * The bytes [offset, offset + count) of the file if they are in memory already; valid until the
   * next call.
   */
  public @Nullable MemorySegment buffered(long offset, long count) {
    return window.holds(offset, count) ? window.slice(offset, count) : null;
  }

  private boolean extensionFollows() {
    if (index.isComplete()
        || nextOffset > Long.MAX_VALUE - KEYWORD_BYTES
        || !source.reaches(nextOffset + KEYWORD_BYTES)) {
      return false;
    }
    return isLoaded(nextOffset, KEYWORD_BYTES) && keyword(nextOffset) == XTENSION;
  }

  private Hdu readHeader() {
    requireFits();
    StructureParser parser = new StructureParser(new HeaderProblem(source, nextIndex));
    long headerBytes = acceptCards(parser);
    long dataOffset = nextOffset + (headerBytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
    return parser.hdu(nextIndex, nextOffset, headerBytes, dataOffset);
  }

  private void requireFits() {
    if (nextIndex > 0) {
      return;
    }
    if (isLoaded(0, Card.BYTES) && keyword(0) == SIMPLE) {
      return;
    }
    // A source that is no file has no size and says so, which is the better message.
    boolean empty = !source.reaches(1) && !window.holds(0, 1);
    String reason =
        empty ? "the file is empty" : "not a FITS file (it does not begin with the keyword SIMPLE)";
    throw new FitsException(ErrorKind.NOT_FITS, source.name() + ": " + reason);
  }

  /** Feeds the cards to the parser; returns the bytes up to and with END. */
  private long acceptCards(StructureParser parser) {
    for (long offset = nextOffset; ; offset += BLOCK_BYTES) {
      if (!isLoaded(offset, BLOCK_BYTES)) {
        throw truncated("the file ends before the header does, whose END card is missing");
      }
      int end = acceptBlock(parser, offset);
      if (end >= 0) {
        return offset - nextOffset + end + Card.BYTES;
      }
      if (offset - nextOffset > MAX_HEADER_BYTES) {
        throw badHeader("the header has no END card within " + MAX_HEADER_BYTES + " bytes");
      }
    }
  }

  /**
   * Offset of END in the block at that place of the file, or -1 if the header goes on. Cards that
   * are no text do not end it: astropy and cfitsio read past them too.
   */
  private int acceptBlock(StructureParser parser, long offset) {
    byte[] block = window.array();
    MemorySegment.copy(window.slice(offset, BLOCK_BYTES), JAVA_BYTE, 0, block, 0, BLOCK_BYTES);
    for (int card = 0; card < BLOCK_BYTES; card += Card.BYTES) {
      if (block[card] == 'E' && Card.keyword(block, card) == END) {
        return card;
      }
      parser.accept(block, card);
    }
    return -1;
  }

  /** The keyword that stands at that place of the file, whose bytes are in the window. */
  private long keyword(long offset) {
    byte[] keyword = window.array();
    MemorySegment.copy(
        window.slice(offset, KEYWORD_BYTES), JAVA_BYTE, 0, keyword, 0, KEYWORD_BYTES);
    return Card.keyword(keyword, 0);
  }

  /** Whether the file has these bytes, which are in the window now. */
  private boolean isLoaded(long offset, long count) {
    if (!window.holds(offset, count)) {
      window.load(source, offset, count);
    }
    return window.holds(offset, count);
  }

  private FitsException badHeader(String reason) {
    return new HeaderProblem(source, nextIndex).badHeader(reason);
  }

  private FitsException truncated(String reason) {
    return new FitsException(ErrorKind.TRUNCATED, source.name() + "[" + nextIndex + "]: " + reason);
  }

  private static long paddedBytes(Hdu hdu) {
    return Math.addExact(hdu.dataBytes(), BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
  }
}
