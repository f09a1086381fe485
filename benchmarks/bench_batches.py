"""Batches: many small files into one tensor, by read_batch and by torch's DataLoader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench_images import SMALL_FILES
from harness import IMAGES_PER_SECOND, MICROSECONDS, Bench, Case, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH_FILES = 256
LOADER_BATCH = 64
LOADER_WORKERS = (0, 2)


def rows(bench: Bench) -> Iterator[Row]:
    """Measure the cases that are wanted."""
    name = "batch: read_batch of 256 files of 64x64 float32, per file"
    if bench.wants(name):
        paths = bench.files.images(-32, 64, BATCH_FILES)
        yield bench.measure(Case(name, "read_batch", paths, MICROSECONDS, len(paths)))
    for workers in LOADER_WORKERS:
        yield from _loader(bench, workers)
    yield from _forked_loader(bench)


def _loader(bench: Bench, workers: int) -> Iterator[Row]:
    """Time whole epochs after the first, with the loader's workers kept between epochs.

    Where torch forks workers the processes are fresh, because no JVM may run before the fork.
    """
    name = f"loader: DataLoader num_workers={workers}, 2,000 files of 64x64 float32"
    if bench.wants(name):
        paths = bench.files.images(-32, 64, SMALL_FILES)
        options = {"batch_size": LOADER_BATCH, "workers": workers}
        if workers > 0:
            bench.restart()
        yield bench.measure(Case(name, "loader", paths, IMAGES_PER_SECOND, len(paths), options=options))


def _forked_loader(bench: Bench) -> Iterator[Row]:
    """Likewise, with workers that were forked after the first read: ours share a process that runs the engine."""
    name = "loader: forked workers after the JVM started, 2,000 files of 64x64 float32"
    if bench.wants(name):
        paths = bench.files.images(-32, 64, SMALL_FILES)
        options = {"batch_size": LOADER_BATCH, "workers": 2}
        yield bench.measure(Case(name, "loader_after", paths, IMAGES_PER_SECOND, len(paths), options=options))
