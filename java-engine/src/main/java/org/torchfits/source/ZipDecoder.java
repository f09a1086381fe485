package org.torchfits.source;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Collectors;
import java.util.zip.CRC32;

/** A member of a zip archive, stored or deflated. */
final class ZipDecoder implements Decoder {
  private static final int STORED = 0;
  private static final int DEFLATED = 8;
  private static final String FITS = "SIMPLE  =";
  private static final int MAX_NAMES = 8;

  private final ZipMember member;
  private final CompressedInput input;
  private final DeflatedData data = new DeflatedData();
  private final CRC32 checksum = new CRC32();
  private long bytes;

  private ZipDecoder(ZipMember member, ByteSource archive) throws IOException {
    this.member = member;
    this.input = member.input(archive);
  }

  /**
   * Decodes the one member of an archive, or the first that begins as a FITS file.
   *
   * @throws NotFitsException if there is none; it names the members
   */
  static ZipDecoder ofFitsMember(ByteSource archive) throws IOException {
    List<ZipMember> members =
        ZipDirectory.members(archive).stream().filter(member -> !member.isFolder()).toList();
    if (members.size() == 1) {
      return of(members.getFirst(), archive);
    }
    for (ZipMember member : members) {
      if (isReadable(member) && beginsAsFits(member, archive)) {
        return of(member, archive);
      }
    }
    throw new NotFitsException(
        members.isEmpty()
            ? "the zip archive is empty"
            : "no member of the zip archive can be read as a FITS file: " + names(members));
  }

  private static String names(List<ZipMember> members) {
    String first =
        members.stream().limit(MAX_NAMES).map(ZipMember::name).collect(Collectors.joining(", "));
    int more = members.size() - MAX_NAMES;
    return more > 0 ? first + " and " + more + " more" : first;
  }

  private static ZipDecoder of(ZipMember member, ByteSource archive) throws IOException {
    if (member.encrypted()) {
      throw new UnsupportedDataException(member.name() + " is encrypted");
    }
    if (!isReadable(member)) {
      throw new UnsupportedDataException(
          member.name() + " is compressed by zip's method " + member.method());
    }
    return new ZipDecoder(member, archive);
  }

  private static boolean isReadable(ZipMember member) {
    return !member.encrypted() && (member.method() == STORED || member.method() == DEFLATED);
  }

  /** A member that is damaged at its start is none. */
  private static boolean beginsAsFits(ZipMember member, ByteSource archive) {
    try (ZipDecoder decoder = new ZipDecoder(member, archive);
        Scratch scratch = Scratch.borrow()) {
      MemorySegment first = scratch.bytes().asSlice(0, FITS.length());
      return decoder.decode(first) == FITS.length()
          && FITS.equals(new String(first.toArray(JAVA_BYTE), ISO_8859_1));
    } catch (IOException damaged) {
      return false;
    }
  }

  @Override
  public long decode(MemorySegment into) throws IOException {
    ByteBuffer target = into.asByteBuffer();
    if (member.method() == STORED) {
      copy(target);
    } else {
      data.inflate(input, target);
    }
    bytes += target.position();
    checksum.update(target.duplicate().flip());
    if (target.hasRemaining() || data.isFinished()) {
      requireWhole();
    }
    return target.position();
  }

  private void copy(ByteBuffer target) {
    while (target.hasRemaining() && input.buffered().hasRemaining()) {
      ByteBuffer available = input.buffered();
      int count = Math.min(available.remaining(), target.remaining());
      target.put(available.duplicate().limit(available.position() + count));
      available.position(available.position() + count);
    }
  }

  private void requireWhole() throws IOException {
    if (bytes < member.bytes() && member.method() == STORED) {
      throw new EOFException("the file ends within " + member.name());
    }
    if (bytes != member.bytes()) {
      throw new IOException("the length of " + member.name() + " is wrong");
    }
    if (checksum.getValue() != member.checksum()) {
      throw new IOException("the checksum of " + member.name() + " is wrong");
    }
  }

  @Override
  public long position() {
    return input.position();
  }

  @Override
  public void close() {
    data.close();
    input.close();
  }
}
