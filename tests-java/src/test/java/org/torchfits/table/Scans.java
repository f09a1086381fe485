package org.torchfits.table;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.torchfits.header.HduReader;
import org.torchfits.header.HduSelector;
import org.torchfits.work.Job;
import org.torchfits.zone.ZoneMaps;

/** Evaluates conditions for rows of a table in HDU 1. */
final class Scans {
  private Scans() {}

  static TableFile open(ZonedSource source) {
    HduReader reader = new HduReader(source);
    return TableFile.of(reader, reader.find(new HduSelector(1, null, 0)));
  }

  /** Numbers of the rows of a slice for which a condition is true. */
  static long[] found(ZonedSource source, String condition, String slice, ZoneMaps maps) {
    try (TableFile table = open(source)) {
      Predicate predicate = Predicate.of(condition, table.layout());
      Rows rows = Rows.slice(slice, table.layout().rows());
      ScannedRows scanned = ScannedRows.of(table, rows, predicate, maps);
      try (RowSelection selection = new RowSelection(rows.count())) {
        run(new PredicateScan(table, scanned, selection).job());
        scanned.keep();
        return numbers(selection, rows);
      }
    }
  }

  static void run(Job job) {
    assertTrue(job.help(Long.MAX_VALUE / 2));
    job.rethrow();
  }

  static long[] numbers(RowSelection selection, Rows rows) {
    long[] counts = selection.counts(Math.max(64, Math.ceilDiv(rows.count(), 64) * 64));
    long[] numbers = new long[(int) counts[counts.length - 1]];
    MemorySegment segment = Arena.ofAuto().allocate(8L * numbers.length + 8, 8);
    selection.list(rows, 0, rows.count(), segment);
    MemorySegment.copy(segment, JAVA_LONG, 0, numbers, 0, numbers.length);
    return numbers;
  }
}
