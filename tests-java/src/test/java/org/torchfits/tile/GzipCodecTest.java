package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GzipCodecTest {
  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream member = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(member)) {
      out.write(bytes);
    }
    return member.toByteArray();
  }

  private static byte[] decode(GzipCodec codec, byte[] member, int pixels) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment compressed = arena.allocateFrom(JAVA_BYTE, member);
      MemorySegment target = arena.allocate((long) pixels * codec.width());
      codec.decode(compressed, target, pixels);
      return target.toArray(JAVA_BYTE);
    }
  }

  private static String failure(byte[] member, int pixels) {
    TileFormatException failure =
        assertThrows(
            TileFormatException.class, () -> decode(new GzipCodec(2, false), member, pixels));
    return String.valueOf(failure.getMessage());
  }

  /** Half noise, half zeros. */
  private static byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    new Random(1).nextBytes(bytes);
    Arrays.fill(bytes, count / 2, count, (byte) 0);
    return bytes;
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "4, 1000", "8, 100003", "2, 200000"})
  void decode_plain_areTheBytes(int width, int pixels) throws IOException {
    byte[] bytes = bytes(width * pixels);
    assertArrayEquals(bytes, decode(new GzipCodec(width, false), gzip(bytes), pixels));
  }

  @ParameterizedTest
  @CsvSource({"1, 7", "2, 1", "2, 1001", "4, 1000", "8, 333"})
  void decode_shuffled_areTheValuesInNativeOrder(int width, int pixels) throws IOException {
    byte[] bytes = bytes(width * pixels);
    byte[] planes = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      planes[i % width * pixels + i / width] = bytes[i];
    }
    byte[] expected = bytes.clone();
    if (ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN) {
      for (int i = 0; i < bytes.length; i++) {
        expected[i] = bytes[i / width * width + width - 1 - i % width];
      }
    }
    assertArrayEquals(expected, decode(new GzipCodec(width, true), gzip(planes), pixels));
  }

  /** Extra field, name, comment and a CRC of the header. */
  @ParameterizedTest
  @ValueSource(ints = {0, 2, 4, 8, 16, 30})
  void decode_headerWithFlags_isSkipped(int flags) throws IOException {
    byte[] bytes = bytes(200);
    byte[] member = gzip(bytes);
    ByteArrayOutputStream longer = new ByteArrayOutputStream();
    longer.write(member, 0, 10);
    if ((flags & 4) != 0) {
      longer.writeBytes(new byte[] {3, 0, 9, 9, 9});
    }
    if ((flags & 8) != 0) {
      longer.writeBytes("name\0".getBytes(ISO_8859_1));
    }
    if ((flags & 16) != 0) {
      longer.writeBytes("comment\0".getBytes(ISO_8859_1));
    }
    if ((flags & 2) != 0) {
      longer.writeBytes(new byte[2]);
    }
    longer.write(member, 10, member.length - 10);
    byte[] content = longer.toByteArray();
    content[3] = (byte) flags;
    assertArrayEquals(bytes, decode(new GzipCodec(2, false), content, 100));
  }

  @Test
  void decode_fewerOrMoreBytes_isRefused() throws IOException {
    byte[] member = gzip(bytes(200));
    assertEquals("its deflated bytes end after 200 of 202 bytes", failure(member, 101));
    assertEquals("it decompresses to more bytes than the tile has", failure(member, 99));
    assertEquals("it decompresses to more bytes than the tile has", failure(member, 0));
  }

  @Test
  void decode_otherCrc_isRefused() throws IOException {
    byte[] member = gzip(bytes(200));
    member[member.length - 6] ^= 1;
    assertEquals("its CRC is not that of the decompressed bytes", failure(member, 100));
  }

  @Test
  void decode_otherHeader_isRefused() throws IOException {
    byte[] member = gzip(bytes(200));
    for (int at = 0; at < 3; at++) {
      byte[] damaged = member.clone();
      damaged[at] ^= 1;
      assertEquals("its bytes do not begin as a gzip member does", failure(damaged, 100));
    }
    byte[] flagged = member.clone();
    flagged[3] = 4;
    flagged[10] = -1;
    flagged[11] = -1;
    assertEquals("its gzip header is longer than the tile", failure(flagged, 100));
  }

  @Test
  void decode_cutAnywhere_isRefused() throws IOException {
    byte[] member = gzip(bytes(200));
    for (int length = 0; length < member.length; length++) {
      assertTrue(failure(Arrays.copyOf(member, length), 100).length() > 10);
    }
  }

  @Test
  void decode_damagedAnywhere_isRefusedOrTheSame() throws IOException {
    byte[] bytes = bytes(400);
    byte[] member = gzip(bytes);
    Random random = new Random(5);
    int refused = 0;
    for (int i = 0; i < 3000; i++) {
      byte[] damaged = member.clone();
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      try {
        assertArrayEquals(bytes, decode(new GzipCodec(4, false), damaged, 100));
      } catch (TileFormatException expected) {
        refused++;
      }
    }
    assertTrue(refused > 2500, refused + " of 3000");
  }

  @ParameterizedTest
  @CsvSource({"100, 1", "200, 2", "400, 4", "800, 8"})
  void width_ofMember_isFromItsTrailer(int bytes, int width) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment member = arena.allocateFrom(JAVA_BYTE, gzip(new byte[bytes]));
      assertEquals(width, GzipCodec.width(member, 100, 2));
    }
  }

  @Test
  void width_ofManyBytes_isTheExpectedOne() {
    byte[] trailer = new byte[18];
    ByteBuffer.wrap(trailer).order(ByteOrder.LITTLE_ENDIAN).putInt(14, 0);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment member = arena.allocateFrom(JAVA_BYTE, trailer);
      assertEquals(8, GzipCodec.width(member, 1 << 30, 8));
      assertEquals(4, GzipCodec.width(member, 1 << 30, 4));
      assertThrows(TileFormatException.class, () -> GzipCodec.width(member, 77, 4));
    }
  }
}
