package org.torchfits.batch;

import java.util.Arrays;

/**
 * The order in which the items of a window are read: file by file, those that the first batches
 * need first, and within a file as they stand in it, so that neighbours need the same tiles.
 */
final class BatchPlan {
  private final int[] order;

  /**
   * @param batchOf each item
   */
  BatchPlan(WindowItems items, int[] batchOf) {
    int[] firstBatch = firstBatchOfFiles(items, batchOf);
    Integer[] sorted = new Integer[items.count()];
    Arrays.setAll(sorted, item -> item);
    Arrays.sort(sorted, (a, b) -> compare(items, firstBatch, a, b));
    this.order = Arrays.stream(sorted).mapToInt(Integer::intValue).toArray();
  }

  /** The first batch that each file, from {@link WindowItems#MISSING} on, is needed for. */
  private static int[] firstBatchOfFiles(WindowItems items, int[] batchOf) {
    int files = 0;
    for (int item = 0; item < items.count(); item++) {
      files = Math.max(files, items.file(item) + 2);
    }
    int[] first = new int[files];
    Arrays.fill(first, Integer.MAX_VALUE);
    for (int item = 0; item < items.count(); item++) {
      int file = items.file(item) + 1;
      first[file] = Math.min(first[file], batchOf[item]);
    }
    return first;
  }

  /** Not by the comparators of the JDK, of which the JVM's cache holds none. */
  private static int compare(WindowItems items, int[] firstBatch, int a, int b) {
    int difference = Integer.compare(firstBatch[items.file(a) + 1], firstBatch[items.file(b) + 1]);
    if (difference == 0) {
      difference = Integer.compare(items.file(a), items.file(b));
    }
    if (difference == 0) {
      difference = Integer.compare(items.hdu(a), items.hdu(b));
    }
    for (int axis = 0; axis < items.axes() && difference == 0; axis++) {
      difference = Long.compare(items.start(a, axis), items.start(b, axis));
    }
    return difference;
  }

  /** The item that is read as number {@code place}, from 0. */
  int item(int place) {
    return order[place];
  }

  int count() {
    return order.length;
  }
}
