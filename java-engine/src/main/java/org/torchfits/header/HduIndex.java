package org.torchfits.header;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The HDUs of one file, in order, as far as its readers went through them.
 *
 * <p>Safe for use by several threads: readers that share an index parse each header once, or at the
 * worst once each.
 */
public final class HduIndex {
  /** What is derived of a header may take several times the room of its cards. */
  private static final long DERIVED_WEIGHT = 4;

  /** What was derived of an HDU's header, and the HDU. */
  private record Key(int hdu, Class<?> type) {}

  private final Map<Key, Object> derived = new HashMap<>();
  private final List<Hdu> hdus = new ArrayList<>();
  private boolean complete;
  private long headerBytes;

  /**
   * Bytes of the headers that were parsed, several times where something was derived of them: more
   * than this index takes.
   */
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

  /**
   * What was derived of the header of an HDU; it is kept with the HDU and shared, so it must not
   * change.
   *
   * @param type one of a kind for what is derived
   * @param make derives it; may be called by several threads at once
   */
  <T> T derived(Hdu hdu, Class<T> type, Supplier<T> make) {
    Key key = new Key(hdu.index(), type);
    T known = type.cast(derived(key));
    return known == null ? type.cast(keep(key, make.get(), hdu)) : known;
  }

  private synchronized @Nullable Object derived(Key key) {
    return derived.get(key);
  }

  private synchronized Object keep(Key key, Object made, Hdu hdu) {
    Object known = derived.putIfAbsent(key, made);
    if (known == null) {
      headerBytes += DERIVED_WEIGHT * hdu.headerBytes();
      return made;
    }
    return known;
  }

  /** Whether no HDU follows those that are known. */
  synchronized boolean isComplete() {
    return complete;
  }

  synchronized void complete() {
    complete = true;
  }
}
