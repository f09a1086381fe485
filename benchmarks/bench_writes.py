"""Writing: a table of numbers from tensors in memory to memory-backed storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import MILLISECONDS, Bench, Case, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = 2_000_000


def rows(bench: Bench) -> Iterator[Row]:
    """Measure the cases that are wanted."""
    name = "write: table of 2M rows x 7 numbers"
    if bench.wants(name):
        paths = [str(bench.files.root / "written")]
        yield bench.measure(Case(name, "write_table", paths, MILLISECONDS, goal_ratio=2.0, options={"rows": ROWS}))
