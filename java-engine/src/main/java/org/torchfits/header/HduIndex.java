package org.torchfits.header;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The HDUs of one file, in order, as far as its readers went through them.
 *
 * <p>Safe for use by several threads: readers that share an index parse each header once, or at the
 * worst once each.
 */
public final class HduIndex {
  private final List<Hdu> hdus = new ArrayList<>();
  private boolean complete;
  private long headerBytes;

  /** Bytes of the headers that were parsed: more than this index takes. */
  public synchronized long headerBytes() {
    return headerBytes;
  }

  /** HDU number {@code index}, from 0; null if nobody came so far. */
  synchronized @Nullable Hdu get(int index) {
    return index < hdus.size() ? hdus.get(index) : null;
  }

  /** Takes the HDU behind those that are known; one that is known already changes nothing. */
  synchronized void add(Hdu hdu) {
    if (hdu.index() == hdus.size()) {
      hdus.add(hdu);
      headerBytes += hdu.headerBytes();
    }
  }

  /** Whether no HDU follows those that are known. */
  synchronized boolean isComplete() {
    return complete;
  }

  synchronized void complete() {
    complete = true;
  }
}
