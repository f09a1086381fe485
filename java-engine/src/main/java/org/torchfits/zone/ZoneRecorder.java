package org.torchfits.zone;

import java.util.HashMap;
import java.util.Map;

/**
 * Takes to a {@link ZoneMap} what is found while rows are read, each of them once. A zone that is
 * read in several pieces waits until all of them are there.
 *
 * <p>Safe for use by several threads.
 */
public final class ZoneRecorder {
  private final ZoneMap map;
  private final Map<Integer, ZoneFold> waiting = new HashMap<>();

  public ZoneRecorder(ZoneMap map) {
    this.map = map;
  }

  /** What is to be found of a zone, or of a part of it. */
  public ZoneFold begin(int zone) {
    return new ZoneFold(zone, map.known(zone));
  }

  /** Takes over what was found of rows that no other call gives. */
  public void add(ZoneFold found) {
    ZoneFold whole = joined(found);
    if (whole.rows() == map.rowsOf(whole.zone())) {
      map.note(whole);
      synchronized (this) {
        waiting.remove(whole.zone());
      }
    }
  }

  private synchronized ZoneFold joined(ZoneFold found) {
    if (found.rows() == map.rowsOf(found.zone())) {
      return found;
    }
    return waiting.merge(
        found.zone(),
        found,
        (before, now) -> {
          before.add(now);
          return before;
        });
  }
}
