"""Compressed images: each kind of tiles at 4096x4096, and a file compressed as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from files import TILED
from harness import MILLISECONDS, Bench, Case, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

SIDE = 4096
QUICK_SIDE = 1024
WHOLE_FILE_SIDE = 2048


def rows(bench: Bench) -> Iterator[Row]:
    """Measure the cases that are wanted."""
    side = QUICK_SIDE if bench.quick else SIDE
    for kind in TILED:
        name = f"tiles: {side}x{side} {kind}"
        if bench.wants(name):
            paths = [bench.files.compressed(kind, side)]
            goal = 1.5 if kind.startswith("HCOMPRESS") else 2.0
            yield bench.measure(Case(name, "read_extension", paths, MILLISECONDS, goal_ratio=goal, options={"hdu": 1}))
    name = f"whole file: {WHOLE_FILE_SIDE}x{WHOLE_FILE_SIDE} int16, .fits.gz"
    if bench.wants(name):
        paths = [bench.files.gzipped(WHOLE_FILE_SIDE)]
        yield bench.measure(Case(name, "read_image", paths, MILLISECONDS, goal_ratio=1.0))
