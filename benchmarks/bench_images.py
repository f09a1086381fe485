"""Single images: small files one by one, every BITPIX at four sizes, and a large one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from files import DTYPES
from harness import LIMIT, MICROSECONDS, MILLISECONDS, OURS, PEERS, Bench, Case, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

LIBRARIES = (OURS, *PEERS, LIMIT)
SMALL_FILES = 2000
#: Side in pixels, and how many files of each BITPIX are read in rotation.
SIZES = {64: 200, 512: 8, 2048: 2, 6144: 1}
LARGE_SIDE = 10_000


def rows(bench: Bench) -> Iterator[Row]:
    """Measure the cases that are wanted."""
    yield from _small(bench)
    yield from _every_bitpix(bench)
    yield from _large(bench)


def _small(bench: Bench) -> Iterator[Row]:
    name = "image: 64x64 float32, 2,000 files one by one"
    if bench.wants(name):
        paths = bench.files.images(-32, 64, SMALL_FILES)
        yield bench.measure(_case(name, paths, goal_ratio=2.0))


def _every_bitpix(bench: Bench) -> Iterator[Row]:
    sizes = [64, 512, 2048] if bench.quick else list(SIZES)
    for side in sizes:
        for bitpix in DTYPES:
            name = f"image: {side}x{side} BITPIX {bitpix}"
            if bench.wants(name):
                yield _one_bitpix(bench, name, bitpix, side)


def _one_bitpix(bench: Bench, name: str, bitpix: int, side: int) -> Row:
    paths = bench.files.images(bitpix, side, SIZES[side])
    row = bench.measure(_case(name, paths, goal_ratio=1.0))
    if side > 64:
        bench.files.remove(paths)
    return row


def _large(bench: Bench) -> Iterator[Row]:
    name = "image: 10,000x10,000 float32"
    if bench.wants(name):
        yield bench.measure(_case(name, bench.files.images(-32, LARGE_SIDE), goal_ratio=2.0))


def _case(name: str, paths: list[str], goal_ratio: float) -> Case:
    unit = MICROSECONDS if "64x64" in name else MILLISECONDS
    return Case(name, "read_image", paths, unit, len(paths), goal_ratio, LIBRARIES)
