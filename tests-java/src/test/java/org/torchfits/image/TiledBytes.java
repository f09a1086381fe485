package org.torchfits.image;

import static org.torchfits.header.FitsBytes.card;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.torchfits.header.FitsBytes;

/** Puts together a file with an image of int32 that count up from 0, in tiles. Axes in C order. */
final class TiledBytes {
  private final long[] axes;
  private final long[] tile;
  private final List<byte[]> tiles = new ArrayList<>();

  TiledBytes(long[] axes, long[] tile) {
    this.axes = axes;
    this.tile = tile;
    addTiles(new long[axes.length], 0);
  }

  private void addTiles(long[] start, int axis) {
    if (axis == axes.length) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      addPixels(bytes, start, 0, 0);
      tiles.add(bytes.toByteArray());
      return;
    }
    for (long from = 0; from < axes[axis]; from += tile[axis]) {
      start[axis] = from;
      addTiles(start, axis + 1);
    }
  }

  private void addPixels(ByteArrayOutputStream bytes, long[] start, int axis, long pixel) {
    if (axis == axes.length) {
      bytes.writeBytes(ByteBuffer.allocate(4).putInt((int) pixel).array());
      return;
    }
    long end = Math.min(start[axis] + tile[axis], axes[axis]);
    for (long at = start[axis]; at < end; at++) {
      addPixels(bytes, start, axis + 1, pixel * axes[axis] + at);
    }
  }

  /** The file; the image is its HDU 1. */
  byte[] file(boolean gzip) {
    ByteArrayOutputStream heap = new ByteArrayOutputStream();
    ByteBuffer rows = ByteBuffer.allocate(8 * tiles.size());
    for (byte[] plain : tiles) {
      byte[] bytes = gzip ? gzip(plain) : plain;
      rows.putInt(bytes.length).putInt(heap.size());
      heap.writeBytes(bytes);
    }
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    data.writeBytes(rows.array());
    data.writeBytes(heap.toByteArray());
    return new FitsBytes()
        .header(FitsBytes.primary(8))
        .header(cards(gzip, heap.size()))
        .data(data.toByteArray())
        .toBytes();
  }

  private String[] cards(boolean gzip, long heapBytes) {
    List<String> cards = new ArrayList<>(List.of(FitsBytes.table(8, tiles.size(), heapBytes)));
    cards.set(cards.size() - 1, card("TFIELDS", 1));
    cards.addAll(
        List.of(
            "TTYPE1  = 'COMPRESSED_DATA'",
            "TFORM1  = '1PB(99)'",
            card("ZIMAGE", "T"),
            gzip ? "ZCMPTYPE= 'GZIP_1'" : "ZCMPTYPE= 'NOCOMPRESS'",
            card("ZBITPIX", 32),
            card("ZNAXIS", axes.length)));
    for (int axis = 0; axis < axes.length; axis++) {
      cards.add(card("ZNAXIS" + (axes.length - axis), axes[axis]));
      cards.add(card("ZTILE" + (axes.length - axis), tile[axis]));
    }
    return cards.toArray(String[]::new);
  }

  private static byte[] gzip(byte[] bytes) {
    ByteArrayOutputStream member = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(member)) {
      out.write(bytes);
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return member.toByteArray();
  }
}
