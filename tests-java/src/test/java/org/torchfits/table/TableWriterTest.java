package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.torchfits.dlpack.ElementType;
import org.torchfits.dlpack.Libc;
import org.torchfits.dlpack.TensorView;
import org.torchfits.error.ErrorKind;
import org.torchfits.error.FitsException;
import org.torchfits.source.FileTarget;
import org.torchfits.source.Scratch;
import org.torchfits.work.Task;

/** Rows against those that {@link ByteBuffer} writes. */
class TableWriterTest {
  private static final long PLACE = 5;
  private static final long SECOND = 1_000_000_000;

  private final Arena arena = Arena.ofShared();
  private final int descriptor = Libc.createInMemory(arena.allocateFrom("rows"));

  @AfterEach
  void close() {
    Libc.close(descriptor);
    arena.close();
  }

  private TensorView random(ElementType type, long... shape) {
    long count = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    byte[] bytes = new byte[(int) count * type.bytes()];
    new Random(count).nextBytes(bytes);
    if (type == ElementType.BOOL) {
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] &= 1;
      }
    }
    return new TensorView(type, shape, arena.allocateFrom(JAVA_BYTE, bytes));
  }

  private TensorView longs(long... values) {
    MemorySegment elements = arena.allocateFrom(JAVA_LONG, values);
    return new TensorView(ElementType.INT64, new long[] {values.length}, elements);
  }

  private static ColumnEncoder numbers(TensorView values) {
    return TableWriter.encoder(values, null, 0, (byte) 0);
  }

  private byte[] written(ColumnEncoder... columns) {
    Task task = TableWriter.write(new FileTarget(descriptor, "x"), PLACE, List.of(columns));
    assertEquals(Task.DONE, task.help(System.nanoTime() + 10 * SECOND));
    long bytes = columns[0].rows() * Arrays.stream(columns).mapToLong(ColumnEncoder::bytes).sum();
    MemorySegment read = arena.allocate(bytes + 1);
    assertEquals(bytes, Libc.read(descriptor, read, PLACE));
    return read.asSlice(0, bytes).toArray(JAVA_BYTE);
  }

  /** The bytes of one row of a column, as FITS has them. */
  private static void put(ByteBuffer into, TensorView values, int row) {
    ElementType type = values.type();
    int unit = type == ElementType.COMPLEX64 || type == ElementType.COMPLEX128 ? 2 : 1;
    int bytes = (int) (values.elements().byteSize() / values.shape()[0]);
    ByteBuffer from =
        values
            .elements()
            .asSlice((long) row * bytes, bytes)
            .asByteBuffer()
            .order(ByteOrder.nativeOrder());
    while (from.hasRemaining()) {
      switch (type) {
        case BOOL -> into.put((byte) (from.get() == 0 ? 'F' : 'T'));
        case UINT8 -> into.put(from.get());
        case INT8 -> into.put((byte) (from.get() + 128));
        case UINT16 -> into.putShort((short) (from.getShort() - 0x8000));
        case UINT32 -> into.putInt(from.getInt() - 0x8000_0000);
        case UINT64 -> into.putLong(from.getLong() - 0x8000_0000_0000_0000L);
        default -> {
          switch (type.bytes() / unit) {
            case 2 -> into.putShort(from.getShort());
            case 4 -> into.putInt(from.getInt());
            default -> into.putLong(from.getLong());
          }
        }
      }
    }
  }

  private static byte[] expected(TensorView... columns) {
    long bytes = Arrays.stream(columns).mapToLong(column -> column.elements().byteSize()).sum();
    ByteBuffer rows = ByteBuffer.allocate((int) bytes);
    for (int row = 0; row < columns[0].shape()[0]; row++) {
      for (TensorView column : columns) {
        put(rows, column, row);
      }
    }
    return rows.array();
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "BOOL",
        "UINT8",
        "INT8",
        "INT16",
        "UINT16",
        "INT32",
        "UINT32",
        "INT64",
        "UINT64",
        "FLOAT32",
        "FLOAT64",
        "COMPLEX64",
        "COMPLEX128"
      })
  void write_numbers_areBigEndianRows(ElementType type) {
    TensorView alone = random(type, 100_003);
    assertArrayEquals(expected(alone), written(numbers(alone)));
    TensorView vectors = random(type, 50_001, 3);
    TensorView scalars = random(type, 50_001);
    TensorView bytes = random(ElementType.UINT8, 50_001);
    assertArrayEquals(
        expected(bytes, scalars, vectors),
        written(numbers(bytes), numbers(scalars), numbers(vectors)));
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT16", "BFLOAT16", "COMPLEX32"})
  void encoder_typesThatFitsHasNot_areRefused(ElementType type) {
    TensorView values = random(type, 2);
    assertThrows(IllegalArgumentException.class, () -> numbers(values));
  }

  @ParameterizedTest
  @ValueSource(longs = {Scratch.BYTES - 1, Scratch.BYTES, Scratch.BYTES + 1, 3 * Scratch.BYTES + 7})
  void write_longRows_areCutIntoParts(long length) {
    TensorView bytes = random(ElementType.UINT8, 3, length);
    TensorView others = random(ElementType.COMPLEX128, 3, length / 16);
    assertArrayEquals(expected(bytes), written(numbers(bytes)));
    assertArrayEquals(expected(bytes, others), written(numbers(bytes), numbers(others)));
  }

  @Test
  void write_strings_areFilledUp() {
    TensorView text =
        new TensorView(ElementType.UINT8, new long[] {7}, arena.allocateFrom("?abcdef"));
    ColumnEncoder strings = TableWriter.encoder(text, longs(1, 3, 3, 7), 4, (byte) '.');
    ColumnEncoder one =
        numbers(new TensorView(ElementType.BOOL, new long[] {3}, arena.allocate(3)));
    assertEquals("ab..F....FcdefF", new String(written(strings, one), StandardCharsets.US_ASCII));
  }

  @Test
  void write_longStrings_areFilledUp() {
    long width = 2 * Scratch.BYTES + 9;
    byte[] characters = new byte[(int) (width + Scratch.BYTES + 1)];
    Arrays.fill(characters, (byte) 'x');
    TensorView text =
        new TensorView(
            ElementType.UINT8,
            new long[] {characters.length},
            arena.allocateFrom(JAVA_BYTE, characters));
    TensorView offsets = longs(0, width, width, characters.length);
    byte[] rows = new byte[(int) (3 * width)];
    Arrays.fill(rows, 0, (int) width, (byte) 'x');
    Arrays.fill(rows, (int) (2 * width), (int) (2 * width + Scratch.BYTES + 1), (byte) 'x');
    assertArrayEquals(rows, written(TableWriter.encoder(text, offsets, width, (byte) 0)));
  }

  @Test
  void write_nothing_isDone() {
    assertArrayEquals(new byte[0], written(numbers(random(ElementType.INT32, 0))));
    assertArrayEquals(new byte[0], written(numbers(random(ElementType.INT32, 5, 0))));
  }

  @Test
  void write_columnsOfDifferentLengths_areRefused() {
    List<ColumnEncoder> columns =
        List.of(numbers(random(ElementType.INT32, 2)), numbers(random(ElementType.INT32, 3)));
    FileTarget file = new FileTarget(descriptor, "x");
    assertThrows(IllegalArgumentException.class, () -> TableWriter.write(file, 0, columns));
  }

  @Test
  void write_closedFile_isAnErrorThatNamesIt() {
    ColumnEncoder column = numbers(random(ElementType.INT32, 2));
    Task task = TableWriter.write(new FileTarget(-1, "a.fits"), 7, List.of(column));
    FitsException thrown =
        assertThrows(FitsException.class, () -> task.help(System.nanoTime() + SECOND));
    assertEquals(ErrorKind.WRITE, thrown.kind());
    assertEquals(9, thrown.status());
    assertEquals("a.fits: writing failed at byte 7 (errno 9)", thrown.getMessage());
  }

  @Test
  void cancel_halfWritten_stopsAll() {
    ColumnEncoder column = numbers(random(ElementType.FLOAT64, 3_000_000));
    Task task = TableWriter.write(new FileTarget(descriptor, "x"), 0, List.of(column));
    assertEquals(Task.RUNNING, task.help(System.nanoTime()));
    task.cancel();
  }
}
