"""Measures torchfits beside its peers on the same files, in one run: ``python benchmarks/run.py``."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import bench_batches
import bench_cache
import bench_compressed
import bench_conversions
import bench_cutouts
import bench_headers
import bench_images
import bench_memory
import bench_starts
import bench_streams
import bench_tables
import bench_training
import bench_writes
import bench_zones
import report
from files import BenchFiles
from harness import HERE, Bench

if TYPE_CHECKING:
    from harness import Row

SUBJECTS = (
    bench_images,
    bench_conversions,
    bench_compressed,
    bench_cutouts,
    bench_tables,
    bench_streams,
    bench_zones,
    bench_headers,
    bench_batches,
    bench_training,
    bench_cache,
    bench_memory,
    bench_starts,
    bench_writes,
)
ROUNDS = 7
QUICK_ROUNDS = 3


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no 6144x6144 images")
    parser.add_argument("--only", metavar="TEXT", help="only rows whose name contains TEXT")
    parser.add_argument("--json", metavar="FILE", type=Path, default=HERE / "out" / "results.json")
    parser.add_argument("--write-results", action="store_true", help="write benchmarks/RESULTS.md")
    return parser.parse_args()


def measure(arguments: argparse.Namespace) -> tuple[list[Row], dict[str, str]]:
    """Run every subject; the rows, and the versions of what took part."""
    rows: list[Row] = []
    begin = time.monotonic()
    rounds = QUICK_ROUNDS if arguments.quick else ROUNDS
    with BenchFiles() as files:
        bench = Bench(files, rounds=rounds, quick=arguments.quick, only=arguments.only)
        try:
            for subject in SUBJECTS:
                for row in subject.rows(bench):
                    rows.append(row)
                    print(f"{time.monotonic() - begin:4.0f} s  {report.progress(row)}", file=sys.stderr)
        finally:
            bench.restart()
    return rows, bench.found_versions


def main() -> None:
    """Measure, print, write."""
    arguments = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    rows, versions = measure(arguments)
    print("\n".join([*report.table(rows), *report.problems(rows)]))
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(report.as_json(rows, versions), indent=1))
    if arguments.write_results:
        (HERE / "RESULTS.md").write_text(report.results_page(rows, versions))


if __name__ == "__main__":
    main()
