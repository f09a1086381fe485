package org.torchfits.tile;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Decodes a bit plane that is coded as a quadtree: four bits tell for each node which of its four
 * children have something in them, and the children of the last level are coefficients. The bits of
 * a level come row by row from the last to the first, and from right to left in each.
 *
 * <p>Only nodes that have something are ever touched: a level is a list of their columns, and for
 * each row, from the last, where its part of the list ends.
 */
final class Quadtree {
  private static final int CODED = 0x0F;

  private final MemorySegment fours;
  private MemorySegment nodes;
  private MemorySegment rowEnds;
  private MemorySegment children;
  private MemorySegment childRowEnds;

  /**
   * Lists in memory of the arena, large enough for quadrants of that size.
   *
   * @param blockRows of the largest quadrant
   */
  Quadtree(int blockRows, int blockColumns, Arena arena) {
    long blocks = (long) blockRows * blockColumns;
    fours = arena.allocate(blocks + HuffmanCodes.SLACK_BYTES);
    nodes = arena.allocate(JAVA_INT, blocks + 1);
    children = arena.allocate(JAVA_INT, blocks + 1);
    rowEnds = arena.allocate(JAVA_INT, blockRows);
    childRowEnds = arena.allocate(JAVA_INT, blockRows);
  }

  /**
   * All bit planes of a quadrant, the highest first.
   *
   * @throws TileFormatException if a plane is neither coded nor plain, or the data end too early
   */
  void decode(BitReader bits, Quadrant quadrant) {
    for (int plane = quadrant.planes - 1; plane >= 0; plane--) {
      switch (bits.take(4)) {
        case 0 -> quadrant.readPlane(bits, plane);
        case CODED -> decodePlane(bits, quadrant, plane);
        default -> throw new TileFormatException("a bit plane has an unknown format");
      }
      bits.requireInside();
    }
  }

  private void decodePlane(BitReader bits, Quadrant quadrant, int plane) {
    nodes.setAtIndex(JAVA_INT, 0, 0);
    rowEnds.setAtIndex(JAVA_INT, 0, 1);
    int count = 1;
    int rows = 1;
    for (int level = levels(quadrant) - 1; level > 0; level--) {
      HuffmanCodes.read(bits, fours, count);
      int childRows = HaarLevel.halved(quadrant.blockRows, level - 1);
      count = expand(rows, childRows, HaarLevel.halved(quadrant.blockColumns, level - 1));
      rows = childRows;
    }
    HuffmanCodes.read(bits, fours, count);
    insert(quadrant, plane);
  }

  /** How many levels of nodes there are; the last has a node for each block. */
  private static int levels(Quadrant quadrant) {
    int longer = Math.max(quadrant.blockRows, quadrant.blockColumns);
    return 1 + Integer.SIZE - Integer.numberOfLeadingZeros(longer - 1);
  }

  /** Makes the children the nodes, and returns their count. */
  private int expand(int rows, int childRows, int childColumns) {
    int count = 0;
    int from = 0;
    int childRow = 0;
    for (int row = 0; row < rows; row++) {
      int to = rowEnds.getAtIndex(JAVA_INT, row);
      if (childColumns % 2 == 1) {
        cutLastColumn(from, to, childColumns);
      }
      // The last row of nodes may have one row of children.
      if (row > 0 || childRows % 2 == 0) {
        count = append(from, to, 0, count);
        childRowEnds.setAtIndex(JAVA_INT, childRow++, count);
      }
      count = append(from, to, 2, count);
      childRowEnds.setAtIndex(JAVA_INT, childRow++, count);
      from = to;
    }
    swap();
    return count;
  }

  /** Takes the children away that would be right of the last column. */
  private void cutLastColumn(int from, int to, int childColumns) {
    if (from < to && 2 * nodes.getAtIndex(JAVA_INT, from) + 1 >= childColumns) {
      fours.set(JAVA_BYTE, from, (byte) (fours.get(JAVA_BYTE, from) & 0b1010));
    }
  }

  /**
   * Appends the children in one of two rows: writes each one, and counts those that are.
   *
   * @param bit of the right child; the left one has the next
   */
  private int append(int from, int to, int bit, int before) {
    int count = before;
    for (int i = from; i < to; i++) {
      int column = 2 * nodes.getAtIndex(JAVA_INT, i);
      int four = fours.get(JAVA_BYTE, i) >> bit;
      children.setAtIndex(JAVA_INT, count, column + 1);
      count += four & 1;
      children.setAtIndex(JAVA_INT, count, column);
      count += (four >> 1) & 1;
    }
    return count;
  }

  private void swap() {
    MemorySegment formerNodes = nodes;
    MemorySegment formerRowEnds = rowEnds;
    nodes = children;
    rowEnds = childRowEnds;
    children = formerNodes;
    childRowEnds = formerRowEnds;
  }

  private void insert(Quadrant quadrant, int plane) {
    int from = 0;
    for (int row = 0; row < quadrant.blockRows; row++) {
      int to = rowEnds.getAtIndex(JAVA_INT, row);
      quadrant.insert(plane, quadrant.blockRows - 1 - row, nodes, fours, from, to);
      from = to;
    }
  }
}
