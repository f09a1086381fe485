"""Parts of files: cutouts of a large image, plain and tiled, and the images of many HDUs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import MILLISECONDS, Bench, Case, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGE_SIDE = 10_000
TILED_SIDE = 4096
CUTOUT_SIDE = 64
EXTENSIONS = 20
EXTENSION_SIDE = 512


def rows(bench: Bench) -> Iterator[Row]:
    """Measure the cases that are wanted."""
    name = "cutouts: 300 of 64x64 from 10,000x10,000 float32"
    if bench.wants(name):
        yield bench.measure(_cutouts(name, bench.files.images(-32, LARGE_SIDE), 0, 300, LARGE_SIDE))
    for kind in ("RICE_1 int16", "RICE_1 int16, 256x256 tiles"):
        name = f"cutouts: 200 of 64x64 from {TILED_SIDE}x{TILED_SIDE} {kind}"
        if bench.wants(name):
            paths = [bench.files.compressed(kind, TILED_SIDE)]
            yield bench.measure(_cutouts(name, paths, 1, 200, TILED_SIDE))
    name = f"MEF: {EXTENSIONS} images of {EXTENSION_SIDE}x{EXTENSION_SIDE} float32"
    if bench.wants(name):
        paths = [bench.files.extensions(EXTENSIONS, EXTENSION_SIDE)]
        options = {"first": 1, "count": EXTENSIONS}
        yield bench.measure(Case(name, "read_extensions", paths, MILLISECONDS, goal_ratio=1.5, options=options))


def _cutouts(name: str, paths: list[str], hdu: int, count: int, image_side: int) -> Case:
    options = {"hdu": hdu, "count": count, "side": CUTOUT_SIDE, "image_side": image_side}
    return Case(name, "read_cutouts", paths, MILLISECONDS, goal_ratio=3.0, options=options)
