package org.torchfits.image;

/**
 * Where the pixels of a section stand in the file: runs of pixels at equal distances, and blocks of
 * runs at equal distances. A whole image is one run; where a section has a part of each row, these
 * parts are the runs of a block. Distances are in bytes, negative where an axis is flipped.
 */
final class PixelRuns {
  /**
   * Bytes between two runs, or two pixels of one, that are rather read than stepped over: as many
   * as are read in the time that one more read takes.
   */
  static final long GAP_BYTES = 8 << 10;

  /** Are read in a few milliseconds. */
  private static final long FILE_BYTES_PER_PIECE = 16 << 20;

  private final long firstOffset;
  private final int storedBytes;
  private final long elements;

  /** Number of joined axes; the last is that of a run, the last but one that of a block. */
  private int axes;

  private final long[] counts;
  private final long[] distances;

  PixelRuns(PixelLayout layout, Section section) {
    this.firstOffset = firstOffset(layout, section);
    this.storedBytes = layout.storedBytes();
    this.elements = section.pixels();
    this.counts = new long[section.count().length + 2];
    this.distances = new long[section.count().length + 2];
    addAxis(1, 0);
    if (elements > 0) {
      joinAxes(layout, section);
    }
    if (axes == 1 || Math.abs(distances[axes - 1]) - storedBytes > GAP_BYTES) {
      addAxis(1, storedBytes);
    }
  }

  private static long firstOffset(PixelLayout layout, Section section) {
    long pixel = 0;
    for (int axis = 0; axis < layout.shape().length; axis++) {
      pixel += section.start()[axis] * layout.strides()[axis];
    }
    return layout.offset() + layout.storedBytes() * pixel;
  }

  /** Axes of one pixel are left out, and neighbours that can be walked along as one become one. */
  private void joinAxes(PixelLayout layout, Section section) {
    for (int axis = 0; axis < section.count().length; axis++) {
      long count = section.count()[axis];
      long distance = storedBytes * section.step()[axis] * layout.strides()[axis];
      if (count > 1 && distances[axes - 1] == count * distance) {
        counts[axes - 1] *= count;
        distances[axes - 1] = distance;
      } else if (count > 1) {
        addAxis(count, distance);
      }
    }
  }

  private void addAxis(long count, long distance) {
    counts[axes] = count;
    distances[axes] = distance;
    axes++;
  }

  /** Whether there are pixels in the section and all lie together, in their order. */
  boolean isOneRun() {
    return elements > 0 && elements == runLength() && isDense();
  }

  /** Pixels of a run. */
  long runLength() {
    return counts[axes - 1];
  }

  /** From one pixel of a run to the next. */
  long runDistance() {
    return distances[axes - 1];
  }

  /** Whether the pixels of a run lie together, in their order. */
  boolean isDense() {
    return runDistance() == storedBytes;
  }

  /** Runs of a block. */
  long blockRuns() {
    return counts[axes - 2];
  }

  /** From one run of a block to the next. */
  long blockDistance() {
    return distances[axes - 2];
  }

  /** Whether the runs of a block are so near to each other that they are read as one. */
  boolean areRunsNear() {
    long gap = Math.abs(blockDistance()) - (runLength() - 1) * Math.abs(runDistance());
    return blockRuns() > 1 && gap - storedBytes <= GAP_BYTES;
  }

  /** Where in the file the element (in the C order of the section) begins. */
  long fileOffset(long element) {
    long rest = element / runLength();
    long offset = firstOffset + (element % runLength()) * runDistance();
    for (int axis = axes - 2; axis >= 0; axis--) {
      offset += (rest % counts[axis]) * distances[axis];
      rest /= counts[axis];
    }
    return offset;
  }

  /** Where the pixel that is last in the file ends; 0 if there is none. */
  long endOffset() {
    if (elements == 0) {
      return 0;
    }
    long last = firstOffset;
    for (int axis = 0; axis < axes; axis++) {
      last += Math.max(0, (counts[axis] - 1) * distances[axis]);
    }
    return last + storedBytes;
  }

  /** Elements that are read in a few milliseconds. */
  long pieceElements() {
    long distance = Math.abs(runDistance());
    if (runLength() > FILE_BYTES_PER_PIECE / distance) {
      return Math.max(1, FILE_BYTES_PER_PIECE / distance);
    }
    long runBytes = areRunsNear() ? Math.abs(blockDistance()) : runLength() * distance + GAP_BYTES;
    return runLength() * Math.max(1, FILE_BYTES_PER_PIECE / runBytes);
  }
}
