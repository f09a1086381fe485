package org.torchfits.image;

/**
 * The rows of a box among elements that stand dense, in C order.
 *
 * @param start of the box on each axis
 * @param count of its elements on each axis
 * @param whole shape of all elements
 */
public record BoxRows(long[] start, long[] count, long[] whole) {
  /** Where a row of the box begins among all elements. */
  public long element(long row) {
    int last = count.length - 1;
    long element = start[last];
    long stride = whole[last];
    long rest = row;
    for (int axis = last - 1; axis >= 0; axis--) {
      element += (start[axis] + rest % count[axis]) * stride;
      rest /= count[axis];
      stride *= whole[axis];
    }
    return element;
  }

  /** Elements of a row. */
  public long length() {
    return count[count.length - 1];
  }
}
