"""Batches: many small files into one tensor, by read_batch, by torch's DataLoader, and by our own loader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench_images import SMALL_FILES
from harness import IMAGES_PER_SECOND, MICROSECONDS, OURS, Bench, Case, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH_FILES = 256
LOADER_BATCH = 64
LOADER_WORKERS = (0, 2)

#: Kind of files, their number and the batch size of a training run, and what is to be reached over each peer.
TRAINING = {
    "2,000 files of 64x64 float32, batch 256": ("small", SMALL_FILES, 256, {"fitsio": 5.0, "cpp": 3.0}),
    "128 files of 512x512 float32, batch 16": ("float32", 128, 16, {"fitsio": 2.0, "cpp": 2.0}),
    "128 files of 512x512 Rice int16, batch 16": ("rice", 128, 16, {"fitsio": 2.0, "cpp": 2.0}),
}
PEER_WORKERS = (0, 1, 2)


def rows(bench: Bench) -> Iterator[Row]:
    """Measure the cases that are wanted."""
    name = "batch: read_batch of 256 files of 64x64 float32, per file"
    if bench.wants(name):
        paths = bench.files.images(-32, 64, BATCH_FILES)
        yield bench.measure(Case(name, "read_batch", paths, MICROSECONDS, len(paths)))
    for workers in LOADER_WORKERS:
        yield from _loader(bench, workers)
    yield from _forked_loader(bench)
    for training, (kind, count, batch_size, goals) in TRAINING.items():
        for peer, goal in goals.items():
            for workers in PEER_WORKERS:
                name = f"training: {training}, beside {peer} with {workers} workers"
                if bench.wants(name):
                    yield _training(bench, name, _files(bench, kind, count), (batch_size, workers), (peer, goal))


def _files(bench: Bench, kind: str, count: int) -> list[str]:
    if kind == "rice":
        return bench.files.compressed_images(count, 512)
    return bench.files.images(-32, 64 if kind == "small" else 512, count)


def _training(bench: Bench, name: str, paths: list[str], sizes: tuple[int, int], peer: tuple[str, float]) -> Row:
    """Time whole epochs of our loader beside those of a peer in torch's DataLoader, or its own, with workers."""
    batch_size, workers = sizes
    library, goal = peer
    if workers > 0:
        bench.restart()
    options = {"batch_size": batch_size, "workers": workers}
    libraries = (OURS, library)
    return bench.measure(
        Case(name, "training", paths, IMAGES_PER_SECOND, len(paths), goal, libraries=libraries, options=options)
    )


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
