"""Headers: the primary header of small files, one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench_images import SMALL_FILES
from harness import MICROSECONDS, Bench, Case, Row

if TYPE_CHECKING:
    from collections.abc import Iterator


def rows(bench: Bench) -> Iterator[Row]:
    """Measure the cases that are wanted."""
    name = "header: small file, 2,000 files one by one"
    if bench.wants(name):
        paths = bench.files.images(-32, 64, SMALL_FILES)
        yield bench.measure(Case(name, "read_header", paths, MICROSECONDS, len(paths)))
